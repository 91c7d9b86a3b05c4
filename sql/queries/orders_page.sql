-- The executions of a page of orders, newest order first: those of which an execution is within a filter, each with all it has; and how
-- many such orders there are.
WITH found AS MATERIALIZED (
    SELECT t.filled_order, max(t.ts) AS ts
      FROM trades_wanted(:account, cast(:wanted AS jsonb)) t
     WHERE t.kind <> 'combo'
     GROUP BY t.filled_order
), chosen AS MATERIALIZED (
    SELECT f.* FROM found f ORDER BY f.ts DESC, f.filled_order DESC LIMIT :limit OFFSET :offset
)
SELECT state.revision, state.total, e.*
  FROM (SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'trades'), 0) AS revision,
               (SELECT count(*) FROM found) AS total) AS state
  LEFT JOIN (SELECT t.base_exec_id, t.ts, t.session_date, CASE t.side WHEN 'BOT' THEN t.quantity ELSE -t.quantity END AS quantity,
                    t.price, t.kind, t.commission, t.commission_currency, t.filled_order, t.strategy, t.order_ref, t.con_id, t.symbol,
                    t.local_symbol, t.sec_type, t.expiry, t.strike, t."right", t.multiplier, t.currency, c.ts AS newest
               FROM chosen c
               JOIN trade_rows t USING (filled_order)
              WHERE t.account = :account AND t.kind <> 'combo') AS e ON true
 ORDER BY e.newest DESC, e.filled_order DESC, e.ts, e.base_exec_id
