-- The executions since an instant that explain a position's move or are a delivery themselves. `quantity` is signed.
SELECT e.con_id, e.ts, e.session_date, e.kind, e.source,
       cast(CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END AS double precision) AS quantity,
       cast(e.price AS double precision) AS price,
       e.session_date >= session_date_of(cast(:now AS timestamptz)) AS is_current,
       c.symbol, c.local_symbol, c.sec_type, c.trading_class, c.currency, c.strike, c."right", c.multiplier
  FROM executions e
  JOIN contracts c USING (con_id)
 WHERE e.account = :account AND e.effective AND e.ts >= :since AND e.kind <> 'combo' AND e.quantity <> 0
   AND (e.kind IN ('assignment', 'exercise')
        OR EXISTS (SELECT FROM position_moves m WHERE m.account = e.account AND m.con_id = e.con_id AND m.ts >= :since))
 ORDER BY e.ts, e.base_exec_id
