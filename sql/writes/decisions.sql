-- What a bot decided; read again, a decision only learns which order it became. Its run is the one of ours that was going on.
INSERT INTO decisions AS d (bot, source_key, account, strategy, run_id, ts, kind, symbol, con_id, contract, action, quantity,
                            limit_price, reason, order_id, perm_id, client_id, order_ref, detail)
SELECT n.bot, n.source_key, n.account, s.name,
       coalesce(n.run_id, (SELECT r.run_id
                             FROM bot_runs r
                            WHERE r.bot = n.bot AND r.started_at <= n.ts AND coalesce(r.ended_at, 'infinity') >= n.ts AND NOT r.is_preview
                            ORDER BY r.started_at DESC
                            LIMIT 1)),
       n.ts, n.kind, n.symbol, n.con_id, n.contract, n.action, n.quantity, n.limit_price, n.reason, n.order_id, n.perm_id,
       n.client_id, n.order_ref, coalesce(n.detail, '{}')
  FROM jsonb_populate_recordset(NULL::decisions, cast(%(rows)s AS jsonb)) AS n
  LEFT JOIN strategies s ON s.name = n.strategy
 ORDER BY n.source_key
ON CONFLICT (bot, source_key) DO UPDATE
   SET strategy = coalesce(d.strategy, excluded.strategy),
       order_id = coalesce(excluded.order_id, d.order_id),
       perm_id = coalesce(excluded.perm_id, d.perm_id),
       client_id = coalesce(excluded.client_id, d.client_id)
 WHERE (coalesce(d.strategy, excluded.strategy), coalesce(excluded.order_id, d.order_id),
        coalesce(excluded.perm_id, d.perm_id), coalesce(excluded.client_id, d.client_id))
       IS DISTINCT FROM (d.strategy, d.order_id, d.perm_id, d.client_id)
