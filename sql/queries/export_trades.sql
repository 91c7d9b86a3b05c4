-- One account's effective executions, newest first, streamed by COPY: the parameter is psycopg's, the text cells are safe
-- for spreadsheets.
SELECT upper(a.source) AS source, e.account, e.id, csv_text(e.exec_id) AS exec_id, csv_time(e.ts) AS time, e.session_date,
       e.con_id, csv_text(c.symbol) AS symbol, csv_text(c.local_symbol) AS local_symbol,
       csv_text(c.sec_type) AS sec_type, c.expiry, c.strike, c."right", c.multiplier, csv_text(c.currency) AS currency,
       e.side, e.quantity, e.price, e.kind, csv_text(e.exchange) AS exchange, e.order_id, e.perm_id, e.client_id,
       csv_text(e.order_ref) AS order_ref, e.commission, csv_text(e.commission_currency) AS commission_currency,
       e.realized_pnl, csv_text(e.strategy) AS strategy
  FROM executions e
  JOIN accounts a USING (account)
  JOIN contracts c USING (con_id)
 WHERE e.account = %(account)s AND e.effective
 ORDER BY e.ts DESC, e.id DESC
