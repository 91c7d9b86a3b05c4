-- Orders that belong to nobody yet or were told by shape only, fills that don't say yet whose they are, and what was said by hand
-- and isn't written everywhere; of all times where `since` is null. `joined`: whose it is by a bot's own record of it.
WITH named AS (
    SELECT o.account, o.perm_id FROM orders o
     WHERE o.strategy IS NULL AND (%(since)s::timestamptz IS NULL OR o.as_of > %(since)s)
    UNION
    SELECT e.account, e.perm_id FROM executions e
     WHERE e.strategy IS NULL AND e.perm_id IS NOT NULL AND e.effective AND e.kind IN ('trade', 'combo')
       AND (%(since)s::timestamptz IS NULL OR e.received_at > %(since)s)
    UNION
    SELECT d.account, d.perm_id FROM decisions d
     WHERE d.perm_id IS NOT NULL AND d.strategy IS NOT NULL AND d.account IS NOT NULL AND d.ts > now() - interval '3 days'
    UNION
    SELECT a.account, a.perm_id FROM attributions a
     WHERE a.how = 'hand' AND (%(since)s::timestamptz IS NULL OR a.at > %(since)s)
)
SELECT n.account, n.perm_id,
       coalesce(o.sec_type, c.sec_type) AS sec_type, coalesce(o.symbol, c.symbol) AS symbol,
       coalesce(o.action, CASE e.side WHEN 'BOT' THEN 'BUY' ELSE 'SELL' END) AS action,
       coalesce(o.client_id, e.client_id) AS client_id, coalesce(o.order_id, e.order_id) AS order_id,
       coalesce(o.order_ref, e.order_ref) AS order_ref,
       coalesce(e.is_combo, false) AS is_combo,
       j.strategy AS joined, a.strategy AS attributed, a.how,
       coalesce(o.strategy, e.strategy) AS cached,
       o.strategy IS NOT DISTINCT FROM a.strategy AND coalesce(e.is_applied, true) AS is_applied
  FROM named n
  LEFT JOIN orders o USING (account, perm_id)
  LEFT JOIN LATERAL (SELECT x.strategy, x.how FROM attributions x WHERE x.account = n.account AND x.perm_id = n.perm_id
                      ORDER BY x.how = 'hand' DESC, x.id DESC LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (SELECT (array_agg(x.con_id ORDER BY x.id))[1] AS con_id, min(x.side) AS side, min(x.client_id) AS client_id,
                            min(x.order_id) AS order_id, min(x.order_ref) AS order_ref, min(x.strategy) AS strategy,
                            bool_or(x.kind = 'combo') OR count(DISTINCT x.con_id) > 1 AS is_combo,
                            bool_and(x.strategy IS NOT DISTINCT FROM a.strategy) AS is_applied
                       FROM executions x WHERE x.account = n.account AND x.perm_id = n.perm_id) AS e ON true
  LEFT JOIN contracts c ON c.con_id = e.con_id
  LEFT JOIN LATERAL (SELECT d.strategy FROM decisions d
                      WHERE d.account = n.account AND d.perm_id = n.perm_id AND d.strategy IS NOT NULL
                      ORDER BY d.id DESC LIMIT 1) AS j ON true
 WHERE coalesce(o.sec_type, c.sec_type) IS NOT NULL
