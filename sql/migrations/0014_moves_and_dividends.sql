-- How the broker's own list of positions moved, whether or not an execution tells of it. An assignment overnight is first seen here, and
-- nowhere in the book: what of it no execution and no statement explains is inferred when it is read (data/analytics/assigned.py).
CREATE TABLE position_moves (
    account          text NOT NULL REFERENCES accounts,
    con_id           bigint NOT NULL REFERENCES contracts,
    ts               timestamptz NOT NULL,          -- when the new quantity was first seen
    session_date     date NOT NULL,
    quantity_before  double precision NOT NULL,
    quantity         double precision NOT NULL,
    avg_cost_before  double precision,
    avg_cost         double precision,
    underlying_price double precision,              -- the last that was known
    PRIMARY KEY (account, con_id, ts)
);
CREATE INDEX position_moves_ts ON position_moves (account, ts);

-- What the broker's ticker says of an underlying's dividends (generic tick 456), per share. Empty fields are null: not known.
CREATE TABLE dividend_outlooks (
    symbol         text NOT NULL,
    currency       text NOT NULL,
    past_12_months double precision,
    next_12_months double precision,
    next_date      date,                            -- the ex-date
    next_amount    double precision,
    as_of          timestamptz NOT NULL,            -- when the broker said so last
    PRIMARY KEY (symbol, currency)
);

-- The broker's own margin after the next expiration, and at its next change. Only the newest is kept.
ALTER TABLE portfolio_latest
    ADD COLUMN post_expiration_margin double precision,
    ADD COLUMN post_expiration_excess double precision,
    ADD COLUMN look_ahead_initial_margin double precision,
    ADD COLUMN look_ahead_maintenance_margin double precision,
    ADD COLUMN look_ahead_available_funds double precision,
    ADD COLUMN look_ahead_excess_liquidity double precision,
    ADD COLUMN look_ahead_next_change timestamptz;
