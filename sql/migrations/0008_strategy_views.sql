-- Trading days of what each strategy earned, and every level under one name, as 0004 has them of the portfolio.
-- The same text on both flavours.

CREATE VIEW strategy_1d AS
SELECT b.account, b.strategy, b.bucket, b.session_date, (b.last).currency, b.pnl_total_open, b.pnl_total_high,
       b.pnl_total_low, b.pnl_total_close, b.pnl_day_open, b.pnl_day_high, b.pnl_day_low, b.pnl_day_close,
       (b.last).premium, (b.last).fees, (b.last).capital_at_risk, (b.last).exposure, (b.last).trades, (b.last).closed,
       (b.last).wins, (b.last).positions, b.samples, b.first_ts, b.last_ts
  FROM (SELECT s.account, s.strategy, cast(s.session_date AS timestamp) AT TIME ZONE 'UTC' AS bucket, s.session_date,
               (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
               (array_agg(s.pnl_total_open ORDER BY s.bucket) FILTER (WHERE s.pnl_total_open IS NOT NULL))[1] AS pnl_total_open,
               max(s.pnl_total_high) AS pnl_total_high, min(s.pnl_total_low) AS pnl_total_low,
               (array_agg(s.pnl_total_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_total_close IS NOT NULL))[1] AS pnl_total_close,
               (array_agg(s.pnl_day_open ORDER BY s.bucket) FILTER (WHERE s.pnl_day_open IS NOT NULL))[1] AS pnl_day_open,
               max(s.pnl_day_high) AS pnl_day_high, min(s.pnl_day_low) AS pnl_day_low,
               (array_agg(s.pnl_day_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_day_close IS NOT NULL))[1] AS pnl_day_close,
               cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
          FROM strategy_1d_parts s
         GROUP BY s.account, s.strategy, s.session_date) b;

-- Every level under one name: a query names its resolution, and the others are not even planned.
CREATE VIEW strategy_history AS
SELECT '1m'::text AS resolution, x.* FROM strategy_1m x
UNION ALL
SELECT '1h'::text AS resolution, x.* FROM strategy_1h x
UNION ALL
SELECT '1d'::text AS resolution, x.* FROM strategy_1d x;
