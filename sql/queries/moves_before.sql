-- What moved positions up to a day, as of that day: what was taken back after it was still there.
SELECT e.con_id, e.ts, CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END
  FROM executions e
  LEFT JOIN (SELECT account, base_exec_id, min(coalesce(report_date, trade_date)) AS day FROM statement_trades GROUP BY 1, 2) t
       USING (account, base_exec_id)
 WHERE e.account = %(account)s AND e.effective AND e.kind <> 'combo' AND e.quantity <> 0
   AND coalesce(t.day, e.session_date) <= %(day)s
UNION ALL
SELECT t.con_id, t.ts, t.quantity
  FROM statement_trades t
  JOIN statement_trades c ON c.account = t.account AND c.cancels = t.trade_id AND (c.quantity, c.price) = (-t.quantity, t.price)
 WHERE t.account = %(account)s AND coalesce(t.report_date, t.trade_date) <= %(day)s AND coalesce(c.report_date, c.trade_date) > %(day)s
