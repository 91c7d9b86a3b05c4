-- A replayed flush must not overwrite what is newer.
INSERT INTO portfolio_latest AS p
SELECT * FROM json_populate_recordset(NULL::portfolio_latest, %(rows)s)
ON CONFLICT (account) DO UPDATE
   SET as_of = excluded.as_of,
       session_date = excluded.session_date,
       currency = excluded.currency,
       net_liquidation = excluded.net_liquidation,
       cash = excluded.cash,
       available_funds = excluded.available_funds,
       buying_power = excluded.buying_power,
       excess_liquidity = excluded.excess_liquidity,
       initial_margin = excluded.initial_margin,
       maintenance_margin = excluded.maintenance_margin,
       cushion = excluded.cushion,
       gross_position_value = excluded.gross_position_value,
       daily_pnl = excluded.daily_pnl,
       unrealized_pnl = excluded.unrealized_pnl,
       realized_pnl = excluded.realized_pnl,
       post_expiration_margin = excluded.post_expiration_margin,
       post_expiration_excess = excluded.post_expiration_excess,
       look_ahead_initial_margin = excluded.look_ahead_initial_margin,
       look_ahead_maintenance_margin = excluded.look_ahead_maintenance_margin,
       look_ahead_available_funds = excluded.look_ahead_available_funds,
       look_ahead_excess_liquidity = excluded.look_ahead_excess_liquidity,
       look_ahead_next_change = excluded.look_ahead_next_change,
       accrued_dividends = excluded.accrued_dividends,
       accrued_interest = excluded.accrued_interest,
       cash_by_currency = excluded.cash_by_currency
 WHERE excluded.as_of >= p.as_of
    OR p.as_of > now() + interval '1 minute' -- written before the clock was set back
