-- Roll-ups of what each strategy earned, on TimescaleDB, under the names, columns and types of sql/plain.
-- Counts and sums since the first execution (premium, fees, trades, closed, wins) are as of the last sample.

ALTER TABLE rollup_levels DROP CONSTRAINT rollup_levels_relation_check,
    ADD CONSTRAINT rollup_levels_relation_check CHECK (relation IN ('portfolio', 'position', 'strategy'));
ALTER TABLE dirty_windows DROP CONSTRAINT dirty_windows_relation_check,
    ADD CONSTRAINT dirty_windows_relation_check CHECK (relation IN ('portfolio', 'position', 'strategy'));
INSERT INTO rollup_levels (relation, level) SELECT 'strategy', l FROM unnest(ARRAY['raw', '1m', '1h', '1d']) AS l;

SELECT create_hypertable('strategy_snapshots', 'ts', chunk_time_interval => interval '7 days', migrate_data => true,
                         create_default_indexes => false);
ALTER TABLE strategy_snapshots SET (timescaledb.compress, timescaledb.compress_segmentby = 'account, strategy', timescaledb.compress_orderby = 'ts');

CREATE MATERIALIZED VIEW strategy_1m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.strategy, time_bucket('1 minute', s.ts) AS bucket, s.session_date,
       last(s.currency, s.ts) AS currency,
       first(s.pnl_total, s.ts) FILTER (WHERE s.pnl_total IS NOT NULL) AS pnl_total_open,
       max(s.pnl_total) AS pnl_total_high, min(s.pnl_total) AS pnl_total_low,
       last(s.pnl_total, s.ts) FILTER (WHERE s.pnl_total IS NOT NULL) AS pnl_total_close,
       first(s.pnl_day, s.ts) FILTER (WHERE s.pnl_day IS NOT NULL) AS pnl_day_open, max(s.pnl_day) AS pnl_day_high,
       min(s.pnl_day) AS pnl_day_low, last(s.pnl_day, s.ts) FILTER (WHERE s.pnl_day IS NOT NULL) AS pnl_day_close,
       last(s.premium, s.ts) AS premium, last(s.fees, s.ts) AS fees, last(s.capital_at_risk, s.ts) AS capital_at_risk,
       last(s.exposure, s.ts) AS exposure, last(s.trades, s.ts) AS trades, last(s.closed, s.ts) AS closed,
       last(s.wins, s.ts) AS wins, last(s.positions, s.ts) AS positions, count(*) AS samples, min(s.ts) AS first_ts,
       max(s.ts) AS last_ts
  FROM strategy_snapshots s
 GROUP BY s.account, s.strategy, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('strategy_1m', interval '30 days');

CREATE MATERIALIZED VIEW strategy_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.strategy, time_bucket('1 hour', s.bucket) AS bucket, s.session_date,
       last(s.currency, s.bucket) AS currency,
       first(s.pnl_total_open, s.bucket) FILTER (WHERE s.pnl_total_open IS NOT NULL) AS pnl_total_open,
       max(s.pnl_total_high) AS pnl_total_high, min(s.pnl_total_low) AS pnl_total_low,
       last(s.pnl_total_close, s.bucket) FILTER (WHERE s.pnl_total_close IS NOT NULL) AS pnl_total_close,
       first(s.pnl_day_open, s.bucket) FILTER (WHERE s.pnl_day_open IS NOT NULL) AS pnl_day_open,
       max(s.pnl_day_high) AS pnl_day_high, min(s.pnl_day_low) AS pnl_day_low,
       last(s.pnl_day_close, s.bucket) FILTER (WHERE s.pnl_day_close IS NOT NULL) AS pnl_day_close,
       last(s.premium, s.bucket) AS premium, last(s.fees, s.bucket) AS fees,
       last(s.capital_at_risk, s.bucket) AS capital_at_risk, last(s.exposure, s.bucket) AS exposure,
       last(s.trades, s.bucket) AS trades, last(s.closed, s.bucket) AS closed, last(s.wins, s.bucket) AS wins,
       last(s.positions, s.bucket) AS positions, cast(sum(s.samples) AS bigint) AS samples,
       min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM strategy_1m s
 GROUP BY s.account, s.strategy, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('strategy_1h', interval '365 days');

CREATE MATERIALIZED VIEW strategy_1d_parts WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT s.account, s.strategy, time_bucket('1 day', s.bucket) AS bucket, s.session_date,
       last(s.currency, s.bucket) AS currency,
       first(s.pnl_total_open, s.bucket) FILTER (WHERE s.pnl_total_open IS NOT NULL) AS pnl_total_open,
       max(s.pnl_total_high) AS pnl_total_high, min(s.pnl_total_low) AS pnl_total_low,
       last(s.pnl_total_close, s.bucket) FILTER (WHERE s.pnl_total_close IS NOT NULL) AS pnl_total_close,
       first(s.pnl_day_open, s.bucket) FILTER (WHERE s.pnl_day_open IS NOT NULL) AS pnl_day_open,
       max(s.pnl_day_high) AS pnl_day_high, min(s.pnl_day_low) AS pnl_day_low,
       last(s.pnl_day_close, s.bucket) FILTER (WHERE s.pnl_day_close IS NOT NULL) AS pnl_day_close,
       last(s.premium, s.bucket) AS premium, last(s.fees, s.bucket) AS fees,
       last(s.capital_at_risk, s.bucket) AS capital_at_risk, last(s.exposure, s.bucket) AS exposure,
       last(s.trades, s.bucket) AS trades, last(s.closed, s.bucket) AS closed, last(s.wins, s.bucket) AS wins,
       last(s.positions, s.bucket) AS positions, cast(sum(s.samples) AS bigint) AS samples,
       min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
  FROM strategy_1h s
 GROUP BY s.account, s.strategy, 3, s.session_date
  WITH NO DATA;
SELECT set_chunk_time_interval('strategy_1d_parts', interval '3650 days');
