INSERT INTO strategy_latest AS f
SELECT * FROM json_populate_recordset(NULL::strategy_latest, %(rows)s) ORDER BY account, strategy
ON CONFLICT (account, strategy) DO UPDATE
   SET as_of = excluded.as_of,
       session_date = excluded.session_date,
       currency = excluded.currency,
       pnl_day = excluded.pnl_day,
       pnl_total = excluded.pnl_total,
       pnl_since = excluded.pnl_since,
       premium = excluded.premium,
       fees = excluded.fees,
       capital_at_risk = excluded.capital_at_risk,
       exposure = excluded.exposure,
       trades = excluded.trades,
       closed = excluded.closed,
       wins = excluded.wins,
       left_out = excluded.left_out,
       positions = excluded.positions,
       reason = excluded.reason,
       shorts = excluded.shorts,
       income_total = excluded.income_total,
       residual_day = excluded.residual_day,
       residual_total = excluded.residual_total
