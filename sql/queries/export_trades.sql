-- One account's effective executions within a filter, newest first, with what was written beside them, streamed by COPY: the
-- parameters are psycopg's, the text cells are safe for spreadsheets.
SELECT upper(a.source) AS source, e.account, e.id, csv_text(e.exec_id) AS exec_id, csv_time(e.ts) AS time, e.session_date,
       e.con_id, csv_text(e.symbol) AS symbol, csv_text(e.local_symbol) AS local_symbol,
       csv_text(e.sec_type) AS sec_type, e.expiry, e.strike, e."right", e.multiplier, csv_text(e.currency) AS currency,
       e.side, e.quantity, e.price, e.kind, csv_text(e.exchange) AS exchange, e.order_id, e.perm_id, e.client_id,
       csv_text(e.order_ref) AS order_ref, e.commission, csv_text(e.commission_currency) AS commission_currency,
       e.realized_pnl, csv_text(e.strategy) AS strategy, csv_text(e.note) AS note,
       csv_text(array_to_string(e.tags, ', ')) AS tags, e.excluded
  FROM trades_wanted(%(account)s, cast(%(wanted)s AS jsonb)) e
  JOIN accounts a USING (account)
 ORDER BY e.ts DESC, e.id DESC
