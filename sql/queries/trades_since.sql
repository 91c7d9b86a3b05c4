-- The effective executions that were written or corrected after trades revision :since, in the order they were written.
SELECT state.revision, e.*
  FROM (SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'trades'), 0) AS revision)
       AS state
  LEFT JOIN LATERAL (
       SELECT t.id, t.exec_id, t.ts, t.session_date, t.account, t.con_id, t.side, t.quantity, t.price, t.kind, t.exchange,
              t.order_id, t.perm_id, t.client_id, t.order_ref, t.commission, t.commission_currency, t.realized_pnl, t.strategy,
              t.changed_revision, t.symbol, t.local_symbol, t.sec_type, t.expiry, t.strike, t."right", t.multiplier, t.currency,
              t.note, t.tags, t.excluded,
              (SELECT count(*) FROM executions y
                WHERE y.account = t.account AND y.base_exec_id = t.base_exec_id AND y.revision < t.revision) AS correction
         FROM trade_rows t
        WHERE t.account = :account AND t.changed_revision > :since) AS e ON true
 ORDER BY e.changed_revision, e.ts, e.id
