-- One account's round trips with what was written beside them, newest first, streamed by COPY: the parameter is psycopg's, the
-- text cells are safe for spreadsheets.
SELECT upper(a.source) AS source, r.account, r.id, csv_text(r.trip) AS trip, r.con_id, csv_text(c.symbol) AS symbol,
       csv_text(c.local_symbol) AS local_symbol, csv_text(c.sec_type) AS sec_type, c.expiry, c.strike, c."right", c.multiplier,
       csv_text(c.currency) AS currency, CASE WHEN r.direction > 0 THEN 'long' ELSE 'short' END AS side,
       csv_time(r.opened) AS opened, r.opened_on, csv_time(r.closed) AS closed, r.closed_on, r.ended_by, r.dte, r.quantity, r.peak,
       r.open_price, r.close_price, r.gross, r.fees, r.net, r.net + r.carried AS broker_net, r.base, r.base_kind,
       csv_text(r.strategy) AS strategy, csv_text(r.chain) AS chain, csv_text(r.cycle) AS cycle, csv_text(n.note) AS note,
       csv_text(array_to_string(n.tags, ', ')) AS tags, coalesce(n.excluded, false) AS excluded
  FROM round_trips r
  JOIN accounts a USING (account)
  JOIN contracts c USING (con_id)
  LEFT JOIN (SELECT DISTINCT ON (t.trip) t.* FROM round_trip_notes t
              WHERE t.account = %(account)s ORDER BY t.trip, t.updated_at DESC) AS n USING (trip)
 WHERE r.account = %(account)s
 ORDER BY r.opened DESC, r.id DESC
