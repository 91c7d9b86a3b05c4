-- The effective executions that were written or corrected after trades revision :since, in the order they were written.
SELECT state.revision, e.*, c.symbol, c.local_symbol, c.sec_type, c.expiry, c.strike, c."right", c.multiplier, c.currency
  FROM (SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'trades'), 0) AS revision)
       AS state
  LEFT JOIN LATERAL (
       SELECT x.id, x.exec_id, x.ts, x.session_date, x.account, x.con_id, x.side, x.quantity, x.price, x.kind, x.exchange,
              x.order_id, x.perm_id, x.client_id, x.order_ref, x.commission, x.commission_currency, x.realized_pnl,
              x.strategy, x.changed_revision,
              (SELECT count(*) FROM executions y
                WHERE y.account = x.account AND y.base_exec_id = x.base_exec_id AND y.revision < x.revision) AS correction
         FROM executions x
        WHERE x.account = :account AND x.changed_revision > :since AND x.effective) AS e ON true
  LEFT JOIN contracts c USING (con_id)
 ORDER BY e.changed_revision, e.ts, e.id
