-- Roll-ups on plain PostgreSQL. Each level is a table that housekeeping fills (1m from the raw rows, 1h from 1m, the parts of
-- days from 1h), a function that computes the level's buckets of a span, and a view under the common name that joins the
-- rolled part with the computed tail, so that the newest bucket is always right.
-- Open and close are the first and last known value of a bucket; what has no open and close is as of its last sample.

INSERT INTO storage (flavour) VALUES ('plain');

CREATE TABLE portfolio_1m_rolled (
    account               text NOT NULL,
    bucket                timestamptz NOT NULL,
    session_date          date NOT NULL,
    currency              text,
    net_liquidation_open  double precision,
    net_liquidation_high  double precision,
    net_liquidation_low   double precision,
    net_liquidation_close double precision,
    daily_pnl_open        double precision,
    daily_pnl_high        double precision,
    daily_pnl_low         double precision,
    daily_pnl_close       double precision,
    cash                  double precision,
    available_funds       double precision,
    buying_power          double precision,
    excess_liquidity      double precision,
    initial_margin        double precision,
    maintenance_margin    double precision,
    cushion               double precision,
    gross_position_value  double precision,
    unrealized_pnl        double precision,
    realized_pnl          double precision,
    samples               bigint NOT NULL,
    first_ts              timestamptz NOT NULL,
    last_ts               timestamptz NOT NULL,
    PRIMARY KEY (account, bucket, session_date)
);
CREATE INDEX portfolio_1m_rolled_bucket ON portfolio_1m_rolled USING brin (bucket);

CREATE FUNCTION portfolio_1m_of(since timestamptz, until timestamptz) RETURNS SETOF portfolio_1m_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.bucket, b.session_date, (b.last).currency, b.net_liquidation_open, b.net_liquidation_high,
              b.net_liquidation_low, b.net_liquidation_close, b.daily_pnl_open, b.daily_pnl_high, b.daily_pnl_low,
              b.daily_pnl_close, (b.last).cash, (b.last).available_funds, (b.last).buying_power,
              (b.last).excess_liquidity, (b.last).initial_margin, (b.last).maintenance_margin, (b.last).cushion,
              (b.last).gross_position_value, (b.last).unrealized_pnl, (b.last).realized_pnl, b.samples, b.first_ts,
              b.last_ts
         FROM (SELECT s.account, date_bin('1 minute', s.ts, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.ts DESC))[1] AS last,
                      (array_agg(s.net_liquidation ORDER BY s.ts) FILTER (WHERE s.net_liquidation IS NOT NULL))[1] AS net_liquidation_open,
                      max(s.net_liquidation) AS net_liquidation_high, min(s.net_liquidation) AS net_liquidation_low,
                      (array_agg(s.net_liquidation ORDER BY s.ts DESC) FILTER (WHERE s.net_liquidation IS NOT NULL))[1] AS net_liquidation_close,
                      (array_agg(s.daily_pnl ORDER BY s.ts) FILTER (WHERE s.daily_pnl IS NOT NULL))[1] AS daily_pnl_open,
                      max(s.daily_pnl) AS daily_pnl_high, min(s.daily_pnl) AS daily_pnl_low,
                      (array_agg(s.daily_pnl ORDER BY s.ts DESC) FILTER (WHERE s.daily_pnl IS NOT NULL))[1] AS daily_pnl_close,
                      count(*) AS samples, min(s.ts) AS first_ts, max(s.ts) AS last_ts
                 FROM portfolio_snapshots s
             WHERE s.ts >= since AND s.ts < until
                GROUP BY s.account, bucket, s.session_date) b $$;

CREATE VIEW portfolio_1m AS
SELECT * FROM portfolio_1m_rolled WHERE bucket < rolled_upto('portfolio', '1m')
UNION ALL
SELECT * FROM portfolio_1m_of(rolled_upto('portfolio', '1m'), 'infinity');

CREATE TABLE portfolio_1h_rolled (
    account               text NOT NULL,
    bucket                timestamptz NOT NULL,
    session_date          date NOT NULL,
    currency              text,
    net_liquidation_open  double precision,
    net_liquidation_high  double precision,
    net_liquidation_low   double precision,
    net_liquidation_close double precision,
    daily_pnl_open        double precision,
    daily_pnl_high        double precision,
    daily_pnl_low         double precision,
    daily_pnl_close       double precision,
    cash                  double precision,
    available_funds       double precision,
    buying_power          double precision,
    excess_liquidity      double precision,
    initial_margin        double precision,
    maintenance_margin    double precision,
    cushion               double precision,
    gross_position_value  double precision,
    unrealized_pnl        double precision,
    realized_pnl          double precision,
    samples               bigint NOT NULL,
    first_ts              timestamptz NOT NULL,
    last_ts               timestamptz NOT NULL,
    PRIMARY KEY (account, bucket, session_date)
);
CREATE INDEX portfolio_1h_rolled_bucket ON portfolio_1h_rolled USING brin (bucket);

CREATE FUNCTION portfolio_1h_of(since timestamptz, until timestamptz) RETURNS SETOF portfolio_1h_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.bucket, b.session_date, (b.last).currency, b.net_liquidation_open, b.net_liquidation_high,
              b.net_liquidation_low, b.net_liquidation_close, b.daily_pnl_open, b.daily_pnl_high, b.daily_pnl_low,
              b.daily_pnl_close, (b.last).cash, (b.last).available_funds, (b.last).buying_power,
              (b.last).excess_liquidity, (b.last).initial_margin, (b.last).maintenance_margin, (b.last).cushion,
              (b.last).gross_position_value, (b.last).unrealized_pnl, (b.last).realized_pnl, b.samples, b.first_ts,
              b.last_ts
         FROM (SELECT s.account, date_bin('1 hour', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.net_liquidation_open ORDER BY s.bucket) FILTER (WHERE s.net_liquidation_open IS NOT NULL))[1] AS net_liquidation_open,
                      max(s.net_liquidation_high) AS net_liquidation_high,
                      min(s.net_liquidation_low) AS net_liquidation_low,
                      (array_agg(s.net_liquidation_close ORDER BY s.bucket DESC) FILTER (WHERE s.net_liquidation_close IS NOT NULL))[1] AS net_liquidation_close,
                      (array_agg(s.daily_pnl_open ORDER BY s.bucket) FILTER (WHERE s.daily_pnl_open IS NOT NULL))[1] AS daily_pnl_open,
                      max(s.daily_pnl_high) AS daily_pnl_high, min(s.daily_pnl_low) AS daily_pnl_low,
                      (array_agg(s.daily_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.daily_pnl_close IS NOT NULL))[1] AS daily_pnl_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM portfolio_1m s
             WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, 2, s.session_date) b $$;

CREATE VIEW portfolio_1h AS
SELECT * FROM portfolio_1h_rolled WHERE bucket < rolled_upto('portfolio', '1h')
UNION ALL
SELECT * FROM portfolio_1h_of(rolled_upto('portfolio', '1h'), 'infinity');

CREATE TABLE portfolio_1d_rolled (
    account               text NOT NULL,
    bucket                timestamptz NOT NULL,
    session_date          date NOT NULL,
    currency              text,
    net_liquidation_open  double precision,
    net_liquidation_high  double precision,
    net_liquidation_low   double precision,
    net_liquidation_close double precision,
    daily_pnl_open        double precision,
    daily_pnl_high        double precision,
    daily_pnl_low         double precision,
    daily_pnl_close       double precision,
    cash                  double precision,
    available_funds       double precision,
    buying_power          double precision,
    excess_liquidity      double precision,
    initial_margin        double precision,
    maintenance_margin    double precision,
    cushion               double precision,
    gross_position_value  double precision,
    unrealized_pnl        double precision,
    realized_pnl          double precision,
    samples               bigint NOT NULL,
    first_ts              timestamptz NOT NULL,
    last_ts               timestamptz NOT NULL,
    PRIMARY KEY (account, bucket, session_date)
);

CREATE FUNCTION portfolio_1d_of(since timestamptz, until timestamptz) RETURNS SETOF portfolio_1d_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.bucket, b.session_date, (b.last).currency, b.net_liquidation_open, b.net_liquidation_high,
              b.net_liquidation_low, b.net_liquidation_close, b.daily_pnl_open, b.daily_pnl_high, b.daily_pnl_low,
              b.daily_pnl_close, (b.last).cash, (b.last).available_funds, (b.last).buying_power,
              (b.last).excess_liquidity, (b.last).initial_margin, (b.last).maintenance_margin, (b.last).cushion,
              (b.last).gross_position_value, (b.last).unrealized_pnl, (b.last).realized_pnl, b.samples, b.first_ts,
              b.last_ts
         FROM (SELECT s.account, date_bin('1 day', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.net_liquidation_open ORDER BY s.bucket) FILTER (WHERE s.net_liquidation_open IS NOT NULL))[1] AS net_liquidation_open,
                      max(s.net_liquidation_high) AS net_liquidation_high,
                      min(s.net_liquidation_low) AS net_liquidation_low,
                      (array_agg(s.net_liquidation_close ORDER BY s.bucket DESC) FILTER (WHERE s.net_liquidation_close IS NOT NULL))[1] AS net_liquidation_close,
                      (array_agg(s.daily_pnl_open ORDER BY s.bucket) FILTER (WHERE s.daily_pnl_open IS NOT NULL))[1] AS daily_pnl_open,
                      max(s.daily_pnl_high) AS daily_pnl_high, min(s.daily_pnl_low) AS daily_pnl_low,
                      (array_agg(s.daily_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.daily_pnl_close IS NOT NULL))[1] AS daily_pnl_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM portfolio_1h s
             WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, 2, s.session_date) b $$;

CREATE VIEW portfolio_1d_parts AS
SELECT * FROM portfolio_1d_rolled WHERE bucket < rolled_upto('portfolio', '1d')
UNION ALL
SELECT * FROM portfolio_1d_of(rolled_upto('portfolio', '1d'), 'infinity');

CREATE TABLE position_1m_rolled (
    account              text NOT NULL,
    con_id               bigint NOT NULL,
    bucket               timestamptz NOT NULL,
    session_date         date NOT NULL,
    currency             text,
    market_price_open    double precision,
    market_price_high    double precision,
    market_price_low     double precision,
    market_price_close   double precision,
    unrealized_pnl_open  double precision,
    unrealized_pnl_high  double precision,
    unrealized_pnl_low   double precision,
    unrealized_pnl_close double precision,
    quantity             double precision,
    avg_cost             double precision,
    market_value         double precision,
    realized_pnl         double precision,
    daily_pnl            double precision,
    delta                double precision,
    gamma                double precision,
    theta                double precision,
    vega                 double precision,
    implied_vol          double precision,
    underlying_price     double precision,
    samples              bigint NOT NULL,
    first_ts             timestamptz NOT NULL,
    last_ts              timestamptz NOT NULL,
    PRIMARY KEY (account, con_id, bucket, session_date)
);
CREATE INDEX position_1m_rolled_bucket ON position_1m_rolled USING brin (bucket);

CREATE FUNCTION position_1m_of(since timestamptz, until timestamptz) RETURNS SETOF position_1m_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.con_id, b.bucket, b.session_date, (b.last).currency, b.market_price_open,
              b.market_price_high, b.market_price_low, b.market_price_close, b.unrealized_pnl_open,
              b.unrealized_pnl_high, b.unrealized_pnl_low, b.unrealized_pnl_close, (b.last).quantity,
              (b.last).avg_cost, (b.last).market_value, (b.last).realized_pnl, (b.last).daily_pnl, (b.last).delta,
              (b.last).gamma, (b.last).theta, (b.last).vega, (b.last).implied_vol, (b.last).underlying_price,
              b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.con_id, date_bin('1 minute', s.ts, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.ts DESC))[1] AS last,
                      (array_agg(s.market_price ORDER BY s.ts) FILTER (WHERE s.market_price IS NOT NULL))[1] AS market_price_open,
                      max(s.market_price) AS market_price_high, min(s.market_price) AS market_price_low,
                      (array_agg(s.market_price ORDER BY s.ts DESC) FILTER (WHERE s.market_price IS NOT NULL))[1] AS market_price_close,
                      (array_agg(s.unrealized_pnl ORDER BY s.ts) FILTER (WHERE s.unrealized_pnl IS NOT NULL))[1] AS unrealized_pnl_open,
                      max(s.unrealized_pnl) AS unrealized_pnl_high, min(s.unrealized_pnl) AS unrealized_pnl_low,
                      (array_agg(s.unrealized_pnl ORDER BY s.ts DESC) FILTER (WHERE s.unrealized_pnl IS NOT NULL))[1] AS unrealized_pnl_close,
                      count(*) AS samples, min(s.ts) AS first_ts, max(s.ts) AS last_ts
                 FROM position_snapshots s
             WHERE s.ts >= since AND s.ts < until
                GROUP BY s.account, s.con_id, bucket, s.session_date) b $$;

CREATE VIEW position_1m AS
SELECT * FROM position_1m_rolled WHERE bucket < rolled_upto('position', '1m')
UNION ALL
SELECT * FROM position_1m_of(rolled_upto('position', '1m'), 'infinity');

CREATE TABLE position_1h_rolled (
    account              text NOT NULL,
    con_id               bigint NOT NULL,
    bucket               timestamptz NOT NULL,
    session_date         date NOT NULL,
    currency             text,
    market_price_open    double precision,
    market_price_high    double precision,
    market_price_low     double precision,
    market_price_close   double precision,
    unrealized_pnl_open  double precision,
    unrealized_pnl_high  double precision,
    unrealized_pnl_low   double precision,
    unrealized_pnl_close double precision,
    quantity             double precision,
    avg_cost             double precision,
    market_value         double precision,
    realized_pnl         double precision,
    daily_pnl            double precision,
    delta                double precision,
    gamma                double precision,
    theta                double precision,
    vega                 double precision,
    implied_vol          double precision,
    underlying_price     double precision,
    samples              bigint NOT NULL,
    first_ts             timestamptz NOT NULL,
    last_ts              timestamptz NOT NULL,
    PRIMARY KEY (account, con_id, bucket, session_date)
);
CREATE INDEX position_1h_rolled_bucket ON position_1h_rolled USING brin (bucket);

CREATE FUNCTION position_1h_of(since timestamptz, until timestamptz) RETURNS SETOF position_1h_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.con_id, b.bucket, b.session_date, (b.last).currency, b.market_price_open,
              b.market_price_high, b.market_price_low, b.market_price_close, b.unrealized_pnl_open,
              b.unrealized_pnl_high, b.unrealized_pnl_low, b.unrealized_pnl_close, (b.last).quantity,
              (b.last).avg_cost, (b.last).market_value, (b.last).realized_pnl, (b.last).daily_pnl, (b.last).delta,
              (b.last).gamma, (b.last).theta, (b.last).vega, (b.last).implied_vol, (b.last).underlying_price,
              b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.con_id, date_bin('1 hour', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.market_price_open ORDER BY s.bucket) FILTER (WHERE s.market_price_open IS NOT NULL))[1] AS market_price_open,
                      max(s.market_price_high) AS market_price_high, min(s.market_price_low) AS market_price_low,
                      (array_agg(s.market_price_close ORDER BY s.bucket DESC) FILTER (WHERE s.market_price_close IS NOT NULL))[1] AS market_price_close,
                      (array_agg(s.unrealized_pnl_open ORDER BY s.bucket) FILTER (WHERE s.unrealized_pnl_open IS NOT NULL))[1] AS unrealized_pnl_open,
                      max(s.unrealized_pnl_high) AS unrealized_pnl_high,
                      min(s.unrealized_pnl_low) AS unrealized_pnl_low,
                      (array_agg(s.unrealized_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.unrealized_pnl_close IS NOT NULL))[1] AS unrealized_pnl_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM position_1m s
             WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, s.con_id, 3, s.session_date) b $$;

CREATE VIEW position_1h AS
SELECT * FROM position_1h_rolled WHERE bucket < rolled_upto('position', '1h')
UNION ALL
SELECT * FROM position_1h_of(rolled_upto('position', '1h'), 'infinity');

CREATE TABLE position_1d_rolled (
    account              text NOT NULL,
    con_id               bigint NOT NULL,
    bucket               timestamptz NOT NULL,
    session_date         date NOT NULL,
    currency             text,
    market_price_open    double precision,
    market_price_high    double precision,
    market_price_low     double precision,
    market_price_close   double precision,
    unrealized_pnl_open  double precision,
    unrealized_pnl_high  double precision,
    unrealized_pnl_low   double precision,
    unrealized_pnl_close double precision,
    quantity             double precision,
    avg_cost             double precision,
    market_value         double precision,
    realized_pnl         double precision,
    daily_pnl            double precision,
    delta                double precision,
    gamma                double precision,
    theta                double precision,
    vega                 double precision,
    implied_vol          double precision,
    underlying_price     double precision,
    samples              bigint NOT NULL,
    first_ts             timestamptz NOT NULL,
    last_ts              timestamptz NOT NULL,
    PRIMARY KEY (account, con_id, bucket, session_date)
);

CREATE FUNCTION position_1d_of(since timestamptz, until timestamptz) RETURNS SETOF position_1d_rolled
    LANGUAGE sql STABLE
    AS $$
       SELECT b.account, b.con_id, b.bucket, b.session_date, (b.last).currency, b.market_price_open,
              b.market_price_high, b.market_price_low, b.market_price_close, b.unrealized_pnl_open,
              b.unrealized_pnl_high, b.unrealized_pnl_low, b.unrealized_pnl_close, (b.last).quantity,
              (b.last).avg_cost, (b.last).market_value, (b.last).realized_pnl, (b.last).daily_pnl, (b.last).delta,
              (b.last).gamma, (b.last).theta, (b.last).vega, (b.last).implied_vol, (b.last).underlying_price,
              b.samples, b.first_ts, b.last_ts
         FROM (SELECT s.account, s.con_id, date_bin('1 day', s.bucket, timestamptz '2000-01-01 00:00:00Z') AS bucket,
                      s.session_date, (array_agg(s ORDER BY s.bucket DESC))[1] AS last,
                      (array_agg(s.market_price_open ORDER BY s.bucket) FILTER (WHERE s.market_price_open IS NOT NULL))[1] AS market_price_open,
                      max(s.market_price_high) AS market_price_high, min(s.market_price_low) AS market_price_low,
                      (array_agg(s.market_price_close ORDER BY s.bucket DESC) FILTER (WHERE s.market_price_close IS NOT NULL))[1] AS market_price_close,
                      (array_agg(s.unrealized_pnl_open ORDER BY s.bucket) FILTER (WHERE s.unrealized_pnl_open IS NOT NULL))[1] AS unrealized_pnl_open,
                      max(s.unrealized_pnl_high) AS unrealized_pnl_high,
                      min(s.unrealized_pnl_low) AS unrealized_pnl_low,
                      (array_agg(s.unrealized_pnl_close ORDER BY s.bucket DESC) FILTER (WHERE s.unrealized_pnl_close IS NOT NULL))[1] AS unrealized_pnl_close,
                      cast(sum(s.samples) AS bigint) AS samples, min(s.first_ts) AS first_ts,
                      max(s.last_ts) AS last_ts
                 FROM position_1h s
             WHERE s.bucket >= since AND s.bucket < until
                GROUP BY s.account, s.con_id, 3, s.session_date) b $$;

CREATE VIEW position_1d_parts AS
SELECT * FROM position_1d_rolled WHERE bucket < rolled_upto('position', '1d')
UNION ALL
SELECT * FROM position_1d_of(rolled_upto('position', '1d'), 'infinity');

-- Compute a level's buckets of [since, until) again; both ends on the level's own grid.
CREATE PROCEDURE roll_up(relation text, level text, since timestamptz, until timestamptz)
    LANGUAGE plpgsql
    AS $$
DECLARE
    target text := format('%s_%s_rolled', relation, level);
BEGIN
    EXECUTE format('DELETE FROM %I WHERE bucket >= $1 AND bucket < $2', target) USING since, until;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I($1, $2)', target, format('%s_%s_of', relation, level)) USING since, until;
END $$;
