-- What counts of executions of some days, by the day that a statement gives them.
SELECT e.base_exec_id AS key, t.trade, e.con_id, c.local_symbol AS name, c.symbol, c.sec_type, e.ts, e.side, e.quantity, e.price, c.multiplier,
       c.currency, e.commission, e.commission_currency, e.source
  FROM executions e
  JOIN contracts c USING (con_id)
  LEFT JOIN statement_trades t ON t.account = e.account AND t.base_exec_id = e.base_exec_id
 WHERE e.account = %(account)s AND e.effective AND e.kind <> %(no_money)s AND e.quantity <> 0
   AND coalesce(t.report_date, t.trade_date, e.session_date) BETWEEN %(first)s AND %(last)s
