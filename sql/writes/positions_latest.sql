-- A replayed flush must not overwrite what is newer. What moved a quantity is noted beside it; an account's first list is no move.
WITH fresh AS (
    SELECT * FROM json_populate_recordset(NULL::positions_latest, %(rows)s)
), moved AS (
    INSERT INTO position_moves (account, con_id, ts, session_date, quantity_before, quantity, avg_cost_before, avg_cost, underlying_price)
    SELECT f.account, f.con_id, f.as_of, session_date_of(f.as_of), coalesce(p.quantity, 0), f.quantity, p.avg_cost, f.avg_cost,
           coalesce(f.underlying_price, p.underlying_price)
      FROM fresh f
      LEFT JOIN positions_latest p USING (account, con_id)
     WHERE f.quantity <> coalesce(p.quantity, 0)
       AND EXISTS (SELECT FROM positions_latest known WHERE known.account = f.account)
       AND (p.as_of IS NULL OR f.as_of >= p.as_of OR p.as_of > now() + interval '1 minute')
    ON CONFLICT DO NOTHING
)
INSERT INTO positions_latest AS p
SELECT * FROM fresh ORDER BY account, con_id
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
