-- A replayed flush must not overwrite what is newer.
INSERT INTO positions_latest AS p
SELECT * FROM json_populate_recordset(NULL::positions_latest, %(rows)s) ORDER BY account, con_id
ON CONFLICT (account, con_id) DO UPDATE
   SET as_of = excluded.as_of,
       changed_revision = excluded.changed_revision,
       quantity = excluded.quantity,
       avg_cost = excluded.avg_cost,
       market_price = excluded.market_price,
       market_value = excluded.market_value,
       unrealized_pnl = excluded.unrealized_pnl,
       realized_pnl = excluded.realized_pnl,
       daily_pnl = excluded.daily_pnl,
       delta = excluded.delta,
       gamma = excluded.gamma,
       theta = excluded.theta,
       vega = excluded.vega,
       implied_vol = excluded.implied_vol,
       underlying_price = excluded.underlying_price,
       greeks_as_of = excluded.greeks_as_of
 WHERE excluded.as_of >= p.as_of
    OR p.as_of > now() + interval '1 minute' -- written before the clock was set back
