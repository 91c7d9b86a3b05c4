-- Roll-ups of what each strategy earned, on plain PostgreSQL: made as those of positions (0003).
-- Counts and sums since the first execution (premium, fees, trades, closed, wins) are as of the last sample.

ALTER TABLE rollup_levels DROP CONSTRAINT rollup_levels_relation_check,
    ADD CONSTRAINT rollup_levels_relation_check CHECK (relation IN ('portfolio', 'position', 'strategy'));
ALTER TABLE dirty_windows DROP CONSTRAINT dirty_windows_relation_check,
    ADD CONSTRAINT dirty_windows_relation_check CHECK (relation IN ('portfolio', 'position', 'strategy'));
INSERT INTO rollup_levels (relation, level) SELECT 'strategy', l FROM unnest(ARRAY['raw', '1m', '1h', '1d']) AS l;

CREATE TABLE strategy_1m_rolled (
    account         text NOT NULL,
    strategy        text NOT NULL,
    bucket          timestamptz NOT NULL,
    session_date    date NOT NULL,
    currency        text,
    pnl_total_open  double precision,
    pnl_total_high  double precision,
    pnl_total_low   double precision,
    pnl_total_close double precision,
    pnl_day_open    double precision,
    pnl_day_high    double precision,
    pnl_day_low     double precision,
    pnl_day_close   double precision,
    premium         double precision,
    fees            double precision,
    capital_at_risk double precision,
    exposure        double precision,
    trades          integer,
    closed          integer,
    wins            integer,
    positions       integer,
    samples         bigint NOT NULL,
    first_ts        timestamptz NOT NULL,
    last_ts         timestamptz NOT NULL,
    PRIMARY KEY (account, strategy, bucket, session_date)
);
CREATE INDEX strategy_1m_rolled_bucket ON strategy_1m_rolled USING brin (bucket);

CREATE FUNCTION strategy_1m_of(since timestamptz, until timestamptz) RETURNS SETOF strategy_1m_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.strategy, b.bucket, b.session_date, (b.last).currency, b.pnl_total_open, b.pnl_total_high,
              b.pnl_total_low, b.pnl_total_close, b.pnl_day_open, b.pnl_day_high, b.pnl_day_low, b.pnl_day_close,
              (b.last).premium, (b.last).fees, (b.last).capital_at_risk, (b.last).exposure, (b.last).trades,
              (b.last).closed, (b.last).wins, (b.last).positions, b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.strategy, date_bin('1 minute', s.ts, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.ts DESC))[1] AS last,
                      (array_agg(s.pnl_total ORDER BY s.ts) FILTER (WHERE s.pnl_total IS NOT NULL))[1] AS pnl_total_open,
                      max(s.pnl_total) AS pnl_total_high, min(s.pnl_total) AS pnl_total_low,
                      (array_agg(s.pnl_total ORDER BY s.ts DESC) FILTER (WHERE s.pnl_total IS NOT NULL))[1] AS pnl_total_close,
                      (array_agg(s.pnl_day ORDER BY s.ts) FILTER (WHERE s.pnl_day IS NOT NULL))[1] AS pnl_day_open,
                      max(s.pnl_day) AS pnl_day_high, min(s.pnl_day) AS pnl_day_low,
                      (array_agg(s.pnl_day ORDER BY s.ts DESC) FILTER (WHERE s.pnl_day IS NOT NULL))[1] AS pnl_day_close,
                      count(*) AS samples, min(s.ts) AS first_ts, max(s.ts) AS last_ts
                 FROM strategy_snapshots s
                WHERE s.ts >= since AND s.ts < until
                GROUP BY s.account, s.strategy, 3, s.session_date) b $$;

CREATE VIEW strategy_1m AS
SELECT * FROM strategy_1m_rolled WHERE bucket < rolled_upto('strategy', '1m')
UNION ALL
SELECT * FROM strategy_1m_of(rolled_upto('strategy', '1m'), 'infinity');

CREATE TABLE strategy_1h_rolled (
    account         text NOT NULL,
    strategy        text NOT NULL,
    bucket          timestamptz NOT NULL,
    session_date    date NOT NULL,
    currency        text,
    pnl_total_open  double precision,
    pnl_total_high  double precision,
    pnl_total_low   double precision,
    pnl_total_close double precision,
    pnl_day_open    double precision,
    pnl_day_high    double precision,
    pnl_day_low     double precision,
    pnl_day_close   double precision,
    premium         double precision,
    fees            double precision,
    capital_at_risk double precision,
    exposure        double precision,
    trades          integer,
    closed          integer,
    wins            integer,
    positions       integer,
    samples         bigint NOT NULL,
    first_ts        timestamptz NOT NULL,
    last_ts         timestamptz NOT NULL,
    PRIMARY KEY (account, strategy, bucket, session_date)
);
CREATE INDEX strategy_1h_rolled_bucket ON strategy_1h_rolled USING brin (bucket);

CREATE FUNCTION strategy_1h_of(since timestamptz, until timestamptz) RETURNS SETOF strategy_1h_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.strategy, b.bucket, b.session_date, (b.last).currency, b.pnl_total_open, b.pnl_total_high,
              b.pnl_total_low, b.pnl_total_close, b.pnl_day_open, b.pnl_day_high, b.pnl_day_low, b.pnl_day_close,
              (b.last).premium, (b.last).fees, (b.last).capital_at_risk, (b.last).exposure, (b.last).trades,
              (b.last).closed, (b.last).wins, (b.last).positions, b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.strategy,
                      date_bin('1 hour', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket, s.session_date,
                      (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.pnl_total_open ORDER BY s.bucket) FILTER (WHERE s.pnl_total_open IS NOT NULL))[1] AS pnl_total_open,
                      max(s.pnl_total_high) AS pnl_total_high, min(s.pnl_total_low) AS pnl_total_low,
                      (array_agg(s.pnl_total_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_total_close IS NOT NULL))[1] AS pnl_total_close,
                      (array_agg(s.pnl_day_open ORDER BY s.bucket) FILTER (WHERE s.pnl_day_open IS NOT NULL))[1] AS pnl_day_open,
                      max(s.pnl_day_high) AS pnl_day_high, min(s.pnl_day_low) AS pnl_day_low,
                      (array_agg(s.pnl_day_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_day_close IS NOT NULL))[1] AS pnl_day_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM strategy_1m s
                WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, s.strategy, 3, s.session_date) b $$;

CREATE VIEW strategy_1h AS
SELECT * FROM strategy_1h_rolled WHERE bucket < rolled_upto('strategy', '1h')
UNION ALL
SELECT * FROM strategy_1h_of(rolled_upto('strategy', '1h'), 'infinity');

CREATE TABLE strategy_1d_rolled (
    account         text NOT NULL,
    strategy        text NOT NULL,
    bucket          timestamptz NOT NULL,
    session_date    date NOT NULL,
    currency        text,
    pnl_total_open  double precision,
    pnl_total_high  double precision,
    pnl_total_low   double precision,
    pnl_total_close double precision,
    pnl_day_open    double precision,
    pnl_day_high    double precision,
    pnl_day_low     double precision,
    pnl_day_close   double precision,
    premium         double precision,
    fees            double precision,
    capital_at_risk double precision,
    exposure        double precision,
    trades          integer,
    closed          integer,
    wins            integer,
    positions       integer,
    samples         bigint NOT NULL,
    first_ts        timestamptz NOT NULL,
    last_ts         timestamptz NOT NULL,
    PRIMARY KEY (account, strategy, bucket, session_date)
);

CREATE FUNCTION strategy_1d_of(since timestamptz, until timestamptz) RETURNS SETOF strategy_1d_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.strategy, b.bucket, b.session_date, (b.last).currency, b.pnl_total_open, b.pnl_total_high,
              b.pnl_total_low, b.pnl_total_close, b.pnl_day_open, b.pnl_day_high, b.pnl_day_low, b.pnl_day_close,
              (b.last).premium, (b.last).fees, (b.last).capital_at_risk, (b.last).exposure, (b.last).trades,
              (b.last).closed, (b.last).wins, (b.last).positions, b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.strategy,
                      date_bin('1 day', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket, s.session_date,
                      (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.pnl_total_open ORDER BY s.bucket) FILTER (WHERE s.pnl_total_open IS NOT NULL))[1] AS pnl_total_open,
                      max(s.pnl_total_high) AS pnl_total_high, min(s.pnl_total_low) AS pnl_total_low,
                      (array_agg(s.pnl_total_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_total_close IS NOT NULL))[1] AS pnl_total_close,
                      (array_agg(s.pnl_day_open ORDER BY s.bucket) FILTER (WHERE s.pnl_day_open IS NOT NULL))[1] AS pnl_day_open,
                      max(s.pnl_day_high) AS pnl_day_high, min(s.pnl_day_low) AS pnl_day_low,
                      (array_agg(s.pnl_day_close ORDER BY s.bucket DESC) FILTER (WHERE s.pnl_day_close IS NOT NULL))[1] AS pnl_day_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM strategy_1h s
                WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, s.strategy, 3, s.session_date) b $$;

CREATE VIEW strategy_1d_parts AS
SELECT * FROM strategy_1d_rolled WHERE bucket < rolled_upto('strategy', '1d')
UNION ALL
SELECT * FROM strategy_1d_of(rolled_upto('strategy', '1d'), 'infinity');
