-- One account's cash flows with the filters of their page, newest first, streamed by COPY: the parameters are psycopg's, the text
-- cells are safe for spreadsheets.
SELECT upper(a.source) AS source, f.account, csv_text(f.flow_id) AS flow_id, csv_time(f.ts) AS time, f.session_date, f.kind, f.amount,
       csv_text(f.currency) AS currency, f.base_amount, csv_text(a.base_currency) AS base_currency, f.rate_to_base, f.con_id,
       csv_text(f.symbol) AS symbol, csv_text(f.description) AS description, f.source AS origin
  FROM cash_flows f
  JOIN accounts a USING (account)
 WHERE f.account = %(account)s
   AND (cast(%(kind)s AS text) IS NULL OR f.kind = %(kind)s)
   AND (cast(%(currency)s AS text) IS NULL OR f.currency = %(currency)s)
   AND (cast(%(symbol)s AS text) IS NULL OR f.symbol = %(symbol)s)
   AND (cast(%(from_day)s AS date) IS NULL OR f.session_date >= %(from_day)s)
   AND (cast(%(to_day)s AS date) IS NULL OR f.session_date <= %(to_day)s)
 ORDER BY f.ts DESC, f.flow_id DESC
