-- One account's round trips within a filter, with what was written beside them, newest first, streamed by COPY: the parameters
-- are psycopg's, the text cells are safe for spreadsheets.
SELECT upper(a.source) AS source, r.account, r.id, csv_text(r.trip) AS trip, r.con_id, csv_text(r.symbol) AS symbol,
       csv_text(r.local_symbol) AS local_symbol, csv_text(r.sec_type) AS sec_type, r.expiry, r.strike, r."right", r.multiplier,
       csv_text(r.currency) AS currency, CASE WHEN r.direction > 0 THEN 'long' ELSE 'short' END AS side,
       csv_time(r.opened) AS opened, r.opened_on, csv_time(r.closed) AS closed, r.closed_on, r.ended_by,
       extract(epoch FROM r.closed - r.opened) AS holding_s, r.dte, r.quantity, r.peak,
       r.open_price, r.close_price, r.gross, r.fees, nullif(r.foreign_fees, '{}') AS foreign_fees, r.net, r.net + r.carried AS broker_net,
       CASE WHEN r.closed IS NOT NULL THEN r.net / nullif(r.base, 0) END AS total_return, r.base, r.base_kind,
       csv_text(r.strategy) AS strategy, csv_text(r.chain) AS chain, csv_text(r.cycle) AS cycle, csv_text(r.note) AS note,
       csv_text(array_to_string(r.tags, ', ')) AS tags, r.excluded
  FROM round_trips_wanted(%(account)s, cast(%(wanted)s AS jsonb)) r
  JOIN accounts a USING (account)
 ORDER BY r.opened DESC, r.id DESC
