-- The API's fills of these contracts and days that no statement names.
SELECT e.base_exec_id, e.con_id, CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END, e.price, e.session_date, e.ts,
       e.order_id IS NULL
  FROM executions e
 WHERE e.account = %(account)s AND e.con_id = ANY (%(con_ids)s) AND e.session_date = ANY (%(days)s)
   AND e.source = 'api' AND e.effective AND e.kind <> 'combo'
   AND NOT EXISTS (SELECT FROM statement_trades o
                    WHERE o.account = e.account AND o.base_exec_id = e.base_exec_id AND o.exec_id IS NOT NULL)
