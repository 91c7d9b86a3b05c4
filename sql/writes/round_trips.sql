-- What is folded again and the same stays untouched.
INSERT INTO round_trips AS t (account, trip, con_id, direction, opened, opened_on, closed, closed_on, ended_by, dte,
    quantity, peak, open_price, close_price, gross, fees, foreign_fees, net, carried, base, base_kind, strategy, chain,
    cycle, executions, sold)
SELECT account, trip, con_id, direction, opened, opened_on, closed, closed_on, ended_by, dte, quantity, peak,
       open_price, close_price, gross, fees, foreign_fees, net, carried, base, base_kind, strategy, chain, cycle,
       executions, sold
  FROM json_populate_recordset(NULL::round_trips, %(rows)s)
 ORDER BY account, trip
ON CONFLICT (account, trip) DO UPDATE
   SET con_id = excluded.con_id,
       direction = excluded.direction,
       opened = excluded.opened,
       opened_on = excluded.opened_on,
       closed = excluded.closed,
       closed_on = excluded.closed_on,
       ended_by = excluded.ended_by,
       dte = excluded.dte,
       quantity = excluded.quantity,
       peak = excluded.peak,
       open_price = excluded.open_price,
       close_price = excluded.close_price,
       gross = excluded.gross,
       fees = excluded.fees,
       foreign_fees = excluded.foreign_fees,
       net = excluded.net,
       carried = excluded.carried,
       base = excluded.base,
       base_kind = excluded.base_kind,
       strategy = excluded.strategy,
       chain = excluded.chain,
       cycle = excluded.cycle,
       executions = excluded.executions,
       sold = excluded.sold
 WHERE (t.con_id, t.direction, t.opened, t.opened_on, t.closed, t.closed_on, t.ended_by, t.dte, t.quantity, t.peak,
        t.open_price, t.close_price, t.gross, t.fees, t.foreign_fees, t.net, t.carried, t.base, t.base_kind, t.strategy,
        t.chain, t.cycle, t.executions, t.sold)
       IS DISTINCT FROM (excluded.con_id, excluded.direction, excluded.opened, excluded.opened_on, excluded.closed,
        excluded.closed_on, excluded.ended_by, excluded.dte, excluded.quantity, excluded.peak, excluded.open_price,
        excluded.close_price, excluded.gross, excluded.fees, excluded.foreign_fees, excluded.net, excluded.carried,
        excluded.base, excluded.base_kind, excluded.strategy, excluded.chain, excluded.cycle, excluded.executions,
        excluded.sold)
