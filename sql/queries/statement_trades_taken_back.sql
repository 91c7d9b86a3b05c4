-- Executions of trades that a statement doesn't have any more, that it takes back, or that what is gone took back.
SELECT base_exec_id, con_id, session_date
  FROM statement_trades
 WHERE account = %(account)s AND base_exec_id IS NOT NULL
   AND (trade = ANY (%(gone)s) OR trade_id = ANY (%(cancels)s)
        OR trade_id IN (SELECT cancels FROM statement_trades WHERE account = %(account)s AND trade = ANY (%(gone)s)))
