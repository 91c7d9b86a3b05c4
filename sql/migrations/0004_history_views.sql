-- A day is a trading day: its hours carry `session_date` (off-session hours belong to the next session), the day level keeps
-- them by UTC day, and these views join a day's parts. `bucket` of a day is its session date at midnight UTC, whatever the
-- session's time zone. The same text on both flavours.

CREATE VIEW portfolio_1d AS
SELECT b.account, b.bucket, b.session_date, (b.last).currency, b.net_liquidation_open, b.net_liquidation_high,
       b.net_liquidation_low, b.net_liquidation_close, b.daily_pnl_open, b.daily_pnl_high, b.daily_pnl_low,
       b.daily_pnl_close, (b.last).cash, (b.last).available_funds, (b.last).buying_power, (b.last).excess_liquidity,
       (b.last).initial_margin, (b.last).maintenance_margin, (b.last).cushion, (b.last).gross_position_value,
       (b.last).unrealized_pnl, (b.last).realized_pnl, b.samples, b.first_ts, b.last_ts
  FROM (SELECT s.account, cast(s.session_date AS timestamp) AT TIME ZONE 'UTC' AS bucket, s.session_date,
               (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
               (array_agg(s.net_liquidation_open ORDER BY s.bucket) FILTER (WHERE s.net_liquidation_open IS NOT NULL))[1] AS net_liquidation_open,
               max(s.net_liquidation_high) AS net_liquidation_high, min(s.net_liquidation_low) AS net_liquidation_low,
               (array_agg(s.net_liquidation_close ORDER BY s.bucket DESC) FILTER (WHERE s.net_liquidation_close IS NOT NULL))[1] AS net_liquidation_close,
               (array_agg(s.daily_pnl_open ORDER BY s.bucket) FILTER (WHERE s.daily_pnl_open IS NOT NULL))[1] AS daily_pnl_open,
               max(s.daily_pnl_high) AS daily_pnl_high, min(s.daily_pnl_low) AS daily_pnl_low,
               (array_agg(s.daily_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.daily_pnl_close IS NOT NULL))[1] AS daily_pnl_close,
               cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
          FROM portfolio_1d_parts s
         GROUP BY s.account, s.session_date) b;

CREATE VIEW position_1d AS
SELECT b.account, b.con_id, b.bucket, b.session_date, (b.last).currency, b.market_price_open, b.market_price_high,
       b.market_price_low, b.market_price_close, b.unrealized_pnl_open, b.unrealized_pnl_high, b.unrealized_pnl_low,
       b.unrealized_pnl_close, (b.last).quantity, (b.last).avg_cost, (b.last).market_value, (b.last).realized_pnl,
       (b.last).daily_pnl, (b.last).delta, (b.last).gamma, (b.last).theta, (b.last).vega, (b.last).implied_vol,
       (b.last).underlying_price, b.samples, b.first_ts, b.last_ts
  FROM (SELECT s.account, s.con_id, cast(s.session_date AS timestamp) AT TIME ZONE 'UTC' AS bucket, s.session_date,
               (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
               (array_agg(s.market_price_open ORDER BY s.bucket) FILTER (WHERE s.market_price_open IS NOT NULL))[1] AS market_price_open,
               max(s.market_price_high) AS market_price_high, min(s.market_price_low) AS market_price_low,
               (array_agg(s.market_price_close ORDER BY s.bucket DESC) FILTER (WHERE s.market_price_close IS NOT NULL))[1] AS market_price_close,
               (array_agg(s.unrealized_pnl_open ORDER BY s.bucket) FILTER (WHERE s.unrealized_pnl_open IS NOT NULL))[1] AS unrealized_pnl_open,
               max(s.unrealized_pnl_high) AS unrealized_pnl_high, min(s.unrealized_pnl_low) AS unrealized_pnl_low,
               (array_agg(s.unrealized_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.unrealized_pnl_close IS NOT NULL))[1] AS unrealized_pnl_close,
               cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
          FROM position_1d_parts s
         GROUP BY s.account, s.con_id, s.session_date) b;

-- Every level under one name: a query names its resolution, and the others are not even planned.
CREATE VIEW portfolio_history AS
SELECT '1m'::text AS resolution, x.* FROM portfolio_1m x
UNION ALL
SELECT '1h'::text AS resolution, x.* FROM portfolio_1h x
UNION ALL
SELECT '1d'::text AS resolution, x.* FROM portfolio_1d x;

-- Every level under one name: a query names its resolution, and the others are not even planned.
CREATE VIEW position_history AS
SELECT '1m'::text AS resolution, x.* FROM position_1m x
UNION ALL
SELECT '1h'::text AS resolution, x.* FROM position_1h x
UNION ALL
SELECT '1d'::text AS resolution, x.* FROM position_1d x;
