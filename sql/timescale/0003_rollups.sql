-- Roll-ups on TimescaleDB: hypertables and hierarchical continuous aggregates under the names, columns and types of
-- sql/plain/0003_rollups.sql. Real-time: what is not materialised yet is computed from the level below.
-- Refresh, compression and retention are set from the settings by data/timescale.py.
-- Open and close are the first and last known value of a bucket; what has no open and close is as of its last sample.

INSERT INTO storage (flavour) VALUES ('timescale');

SELECT create_hypertable('portfolio_snapshots', 'ts', chunk_time_interval => interval '30 days', migrate_data => true,
                         create_default_indexes => false);
SELECT create_hypertable('position_snapshots', 'ts', chunk_time_interval => interval '7 days', migrate_data => true,
                         create_default_indexes => false);
ALTER TABLE portfolio_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = 'account', timescaledb.compress_orderby = 'ts');
ALTER TABLE position_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = 'account, con_id', timescaledb.compress_orderby = 'ts');

CREATE MATERIALIZED VIEW portfolio_1m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, time_bucket('1 minute', s.ts) AS bucket, s.session_date, last(s.currency, s.ts) AS currency,
       first(s.net_liquidation, s.ts) FILTER (WHERE s.net_liquidation IS NOT NULL) AS net_liquidation_open,
       max(s.net_liquidation) AS net_liquidation_high, min(s.net_liquidation) AS net_liquidation_low,
       last(s.net_liquidation, s.ts) FILTER (WHERE s.net_liquidation IS NOT NULL) AS net_liquidation_close,
       first(s.daily_pnl, s.ts) FILTER (WHERE s.daily_pnl IS NOT NULL) AS daily_pnl_open,
       max(s.daily_pnl) AS daily_pnl_high, min(s.daily_pnl) AS daily_pnl_low,
       last(s.daily_pnl, s.ts) FILTER (WHERE s.daily_pnl IS NOT NULL) AS daily_pnl_close, last(s.cash, s.ts) AS cash,
       last(s.available_funds, s.ts) AS available_funds, last(s.buying_power, s.ts) AS buying_power,
       last(s.excess_liquidity, s.ts) AS excess_liquidity, last(s.initial_margin, s.ts) AS initial_margin,
       last(s.maintenance_margin, s.ts) AS maintenance_margin, last(s.cushion, s.ts) AS cushion,
       last(s.gross_position_value, s.ts) AS gross_position_value, last(s.unrealized_pnl, s.ts) AS unrealized_pnl,
       last(s.realized_pnl, s.ts) AS realized_pnl, count(*) AS samples, min(s.ts) AS first_ts, max(s.ts) AS last_ts
  FROM portfolio_snapshots s
 GROUP BY s.account, 2, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('portfolio_1m', interval '30 days');

CREATE MATERIALIZED VIEW portfolio_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, time_bucket('1 hour', s.bucket) AS bucket, s.session_date, last(s.currency, s.bucket) AS currency,
       first(s.net_liquidation_open, s.bucket) FILTER (WHERE s.net_liquidation_open IS NOT NULL) AS net_liquidation_open,
       max(s.net_liquidation_high) AS net_liquidation_high, min(s.net_liquidation_low) AS net_liquidation_low,
       last(s.net_liquidation_close, s.bucket) FILTER (WHERE s.net_liquidation_close IS NOT NULL) AS net_liquidation_close,
       first(s.daily_pnl_open, s.bucket) FILTER (WHERE s.daily_pnl_open IS NOT NULL) AS daily_pnl_open,
       max(s.daily_pnl_high) AS daily_pnl_high, min(s.daily_pnl_low) AS daily_pnl_low,
       last(s.daily_pnl_close, s.bucket) FILTER (WHERE s.daily_pnl_close IS NOT NULL) AS daily_pnl_close,
       last(s.cash, s.bucket) AS cash, last(s.available_funds, s.bucket) AS available_funds,
       last(s.buying_power, s.bucket) AS buying_power, last(s.excess_liquidity, s.bucket) AS excess_liquidity,
       last(s.initial_margin, s.bucket) AS initial_margin, last(s.maintenance_margin, s.bucket) AS maintenance_margin,
       last(s.cushion, s.bucket) AS cushion, last(s.gross_position_value, s.bucket) AS gross_position_value,
       last(s.unrealized_pnl, s.bucket) AS unrealized_pnl, last(s.realized_pnl, s.bucket) AS realized_pnl,
       cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM portfolio_1m s
 GROUP BY s.account, 2, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('portfolio_1h', interval '365 days');

CREATE MATERIALIZED VIEW portfolio_1d_parts WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, time_bucket('1 day', s.bucket) AS bucket, s.session_date, last(s.currency, s.bucket) AS currency,
       first(s.net_liquidation_open, s.bucket) FILTER (WHERE s.net_liquidation_open IS NOT NULL) AS net_liquidation_open,
       max(s.net_liquidation_high) AS net_liquidation_high, min(s.net_liquidation_low) AS net_liquidation_low,
       last(s.net_liquidation_close, s.bucket) FILTER (WHERE s.net_liquidation_close IS NOT NULL) AS net_liquidation_close,
       first(s.daily_pnl_open, s.bucket) FILTER (WHERE s.daily_pnl_open IS NOT NULL) AS daily_pnl_open,
       max(s.daily_pnl_high) AS daily_pnl_high, min(s.daily_pnl_low) AS daily_pnl_low,
       last(s.daily_pnl_close, s.bucket) FILTER (WHERE s.daily_pnl_close IS NOT NULL) AS daily_pnl_close,
       last(s.cash, s.bucket) AS cash, last(s.available_funds, s.bucket) AS available_funds,
       last(s.buying_power, s.bucket) AS buying_power, last(s.excess_liquidity, s.bucket) AS excess_liquidity,
       last(s.initial_margin, s.bucket) AS initial_margin, last(s.maintenance_margin, s.bucket) AS maintenance_margin,
       last(s.cushion, s.bucket) AS cushion, last(s.gross_position_value, s.bucket) AS gross_position_value,
       last(s.unrealized_pnl, s.bucket) AS unrealized_pnl, last(s.realized_pnl, s.bucket) AS realized_pnl,
       cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM portfolio_1h s
 GROUP BY s.account, 2, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('portfolio_1d_parts', interval '3650 days');

CREATE MATERIALIZED VIEW position_1m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.con_id, time_bucket('1 minute', s.ts) AS bucket, s.session_date,
       last(s.currency, s.ts) AS currency,
       first(s.market_price, s.ts) FILTER (WHERE s.market_price IS NOT NULL) AS market_price_open,
       max(s.market_price) AS market_price_high, min(s.market_price) AS market_price_low,
       last(s.market_price, s.ts) FILTER (WHERE s.market_price IS NOT NULL) AS market_price_close,
       first(s.unrealized_pnl, s.ts) FILTER (WHERE s.unrealized_pnl IS NOT NULL) AS unrealized_pnl_open,
       max(s.unrealized_pnl) AS unrealized_pnl_high, min(s.unrealized_pnl) AS unrealized_pnl_low,
       last(s.unrealized_pnl, s.ts) FILTER (WHERE s.unrealized_pnl IS NOT NULL) AS unrealized_pnl_close,
       last(s.quantity, s.ts) AS quantity, last(s.avg_cost, s.ts) AS avg_cost,
       last(s.market_value, s.ts) AS market_value, last(s.realized_pnl, s.ts) AS realized_pnl,
       last(s.daily_pnl, s.ts) AS daily_pnl, last(s.delta, s.ts) AS delta, last(s.gamma, s.ts) AS gamma,
       last(s.theta, s.ts) AS theta, last(s.vega, s.ts) AS vega, last(s.implied_vol, s.ts) AS implied_vol,
       last(s.underlying_price, s.ts) AS underlying_price, count(*) AS samples, min(s.ts) AS first_ts,
       max(s.ts) AS last_ts
  FROM position_snapshots s
 GROUP BY s.account, s.con_id, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('position_1m', interval '30 days');

CREATE MATERIALIZED VIEW position_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.con_id, time_bucket('1 hour', s.bucket) AS bucket, s.session_date,
       last(s.currency, s.bucket) AS currency,
       first(s.market_price_open, s.bucket) FILTER (WHERE s.market_price_open IS NOT NULL) AS market_price_open,
       max(s.market_price_high) AS market_price_high, min(s.market_price_low) AS market_price_low,
       last(s.market_price_close, s.bucket) FILTER (WHERE s.market_price_close IS NOT NULL) AS market_price_close,
       first(s.unrealized_pnl_open, s.bucket) FILTER (WHERE s.unrealized_pnl_open IS NOT NULL) AS unrealized_pnl_open,
       max(s.unrealized_pnl_high) AS unrealized_pnl_high, min(s.unrealized_pnl_low) AS unrealized_pnl_low,
       last(s.unrealized_pnl_close, s.bucket) FILTER (WHERE s.unrealized_pnl_close IS NOT NULL) AS unrealized_pnl_close,
       last(s.quantity, s.bucket) AS quantity, last(s.avg_cost, s.bucket) AS avg_cost,
       last(s.market_value, s.bucket) AS market_value, last(s.realized_pnl, s.bucket) AS realized_pnl,
       last(s.daily_pnl, s.bucket) AS daily_pnl, last(s.delta, s.bucket) AS delta, last(s.gamma, s.bucket) AS gamma,
       last(s.theta, s.bucket) AS theta, last(s.vega, s.bucket) AS vega, last(s.implied_vol, s.bucket) AS implied_vol,
       last(s.underlying_price, s.bucket) AS underlying_price, cast(sum(s.samples) AS bigint) AS samples,
       min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM position_1m s
 GROUP BY s.account, s.con_id, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('position_1h', interval '365 days');

CREATE MATERIALIZED VIEW position_1d_parts WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.con_id, time_bucket('1 day', s.bucket) AS bucket, s.session_date,
       last(s.currency, s.bucket) AS currency,
       first(s.market_price_open, s.bucket) FILTER (WHERE s.market_price_open IS NOT NULL) AS market_price_open,
       max(s.market_price_high) AS market_price_high, min(s.market_price_low) AS market_price_low,
       last(s.market_price_close, s.bucket) FILTER (WHERE s.market_price_close IS NOT NULL) AS market_price_close,
       first(s.unrealized_pnl_open, s.bucket) FILTER (WHERE s.unrealized_pnl_open IS NOT NULL) AS unrealized_pnl_open,
       max(s.unrealized_pnl_high) AS unrealized_pnl_high, min(s.unrealized_pnl_low) AS unrealized_pnl_low,
       last(s.unrealized_pnl_close, s.bucket) FILTER (WHERE s.unrealized_pnl_close IS NOT NULL) AS unrealized_pnl_close,
       last(s.quantity, s.bucket) AS quantity, last(s.avg_cost, s.bucket) AS avg_cost,
       last(s.market_value, s.bucket) AS market_value, last(s.realized_pnl, s.bucket) AS realized_pnl,
       last(s.daily_pnl, s.bucket) AS daily_pnl, last(s.delta, s.bucket) AS delta, last(s.gamma, s.bucket) AS gamma,
       last(s.theta, s.bucket) AS theta, last(s.vega, s.bucket) AS vega, last(s.implied_vol, s.bucket) AS implied_vol,
       last(s.underlying_price, s.bucket) AS underlying_price, cast(sum(s.samples) AS bigint) AS samples,
       min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM position_1h s
 GROUP BY s.account, s.con_id, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('position_1d_parts', interval '3650 days');
