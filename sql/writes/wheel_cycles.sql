-- What is folded again and the same stays untouched.
INSERT INTO wheel_cycles AS t (account, cycle, symbol, currency, stage, strategy, opened, opened_on, closed, closed_on,
    trips, rolls, shares, premium, fees, dividends, cash, paid, broker_basis, break_even, secured_seconds, secured_now,
    margin_seconds, margin_now, bound_until)
SELECT account, cycle, symbol, currency, stage, strategy, opened, opened_on, closed, closed_on, trips, rolls, shares,
       premium, fees, dividends, cash, paid, broker_basis, break_even, secured_seconds, secured_now, margin_seconds,
       margin_now, bound_until
  FROM json_populate_recordset(NULL::wheel_cycles, %(rows)s)
 ORDER BY account, cycle
ON CONFLICT (account, cycle) DO UPDATE
   SET symbol = excluded.symbol,
       currency = excluded.currency,
       stage = excluded.stage,
       strategy = excluded.strategy,
       opened = excluded.opened,
       opened_on = excluded.opened_on,
       closed = excluded.closed,
       closed_on = excluded.closed_on,
       trips = excluded.trips,
       rolls = excluded.rolls,
       shares = excluded.shares,
       premium = excluded.premium,
       fees = excluded.fees,
       dividends = excluded.dividends,
       cash = excluded.cash,
       paid = excluded.paid,
       broker_basis = excluded.broker_basis,
       break_even = excluded.break_even,
       secured_seconds = excluded.secured_seconds,
       secured_now = excluded.secured_now,
       margin_seconds = excluded.margin_seconds,
       margin_now = excluded.margin_now,
       bound_until = excluded.bound_until
 WHERE (t.symbol, t.currency, t.stage, t.strategy, t.opened, t.opened_on, t.closed, t.closed_on, t.trips, t.rolls,
        t.shares, t.premium, t.fees, t.dividends, t.cash, t.paid, t.broker_basis, t.break_even, t.secured_seconds,
        t.secured_now, t.margin_seconds, t.margin_now, t.bound_until)
       IS DISTINCT FROM (excluded.symbol, excluded.currency, excluded.stage, excluded.strategy, excluded.opened,
        excluded.opened_on, excluded.closed, excluded.closed_on, excluded.trips, excluded.rolls, excluded.shares,
        excluded.premium, excluded.fees, excluded.dividends, excluded.cash, excluded.paid, excluded.broker_basis,
        excluded.break_even, excluded.secured_seconds, excluded.secured_now, excluded.margin_seconds,
        excluded.margin_now, excluded.bound_until)
