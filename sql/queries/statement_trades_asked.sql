-- What statements say of these trades and executions, and of what may be one of them: trades of the same contracts and days without an
-- execution id.
SELECT t.trade, t.exec_id, t.base_exec_id, t.con_id, t.quantity, t.price, t.session_date, t.ts, t.is_booked
  FROM statement_trades t
 WHERE t.account = %(account)s AND t.cancels IS NULL AND NOT t.is_conversion
   AND (t.trade = ANY (%(trades)s) OR t.base_exec_id = ANY (%(bases)s)
        OR (t.exec_id IS NULL AND t.con_id = ANY (%(con_ids)s) AND t.session_date = ANY (%(days)s)))
