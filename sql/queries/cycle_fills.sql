-- What a wheel cycle is made of: its round trips with what is held of each now, and their executions as they count now. An
-- execution that turned a position round is there once for each of both.
SELECT t.trip,
       t.con_id,
       t.quantity AS held,
       e.base_exec_id,
       e.ts,
       e.session_date,
       CASE WHEN e.side = 'BOT' THEN e.quantity ELSE -e.quantity END AS quantity,
       e.price,
       e.kind,
       c.symbol,
       c.local_symbol,
       c.sec_type,
       c.currency,
       c.multiplier,
       c.strike,
       c."right"
  FROM round_trips t
  JOIN contracts c USING (con_id)
  LEFT JOIN executions e ON e.account = t.account AND e.effective AND e.base_exec_id = ANY (t.executions)
 WHERE t.account = :account AND t.cycle = cast(:cycle AS text)
 ORDER BY e.ts, e.base_exec_id, t.trip
