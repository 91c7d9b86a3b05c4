-- What moved of an account's positions since an instant, in the order in which it was seen; `is_current`: in the session of :now.
SELECT m.con_id, m.ts, m.session_date, m.quantity_before, m.quantity, m.avg_cost_before, m.avg_cost, m.underlying_price,
       m.session_date >= session_date_of(cast(:now AS timestamptz)) AS is_current,
       c.symbol, c.local_symbol, c.sec_type, c.trading_class, c.currency, c.strike, c."right", c.multiplier
  FROM position_moves m
  JOIN contracts c USING (con_id)
 WHERE m.account = :account AND m.ts >= :since
 ORDER BY m.ts, m.con_id
