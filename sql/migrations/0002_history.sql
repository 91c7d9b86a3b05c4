-- History: what is rolled up, how far, and what must be rolled up again; cash flows and price bars.
-- Common to both flavours of storage; 0003_rollups is in sql/plain/ and sql/timescale/.

-- Which flavour this database was set up with; it never changes (`mtz migrate --to-timescale` copies into another one).
CREATE TABLE storage (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    flavour   text NOT NULL CHECK (flavour IN ('plain', 'timescale')),
    chosen_at timestamptz NOT NULL DEFAULT now()
);

-- Each relation's levels. Buckets before `upto` are rolled up; rows before `kept_from` have been dropped by retention, so
-- that no refresh may reach there. The raw level's `upto` is the threshold: who writes a row before it notes a dirty window.
CREATE TABLE rollup_levels (
    relation  text NOT NULL CHECK (relation IN ('portfolio', 'position')),
    level     text NOT NULL CHECK (level IN ('raw', '1m', '1h', '1d')),
    upto      timestamptz NOT NULL DEFAULT '-infinity',
    kept_from timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (relation, level)
) WITH (fillfactor = 50);
INSERT INTO rollup_levels (relation, level)
SELECT r, l FROM unnest(ARRAY['portfolio', 'position']) AS r, unnest(ARRAY['raw', '1m', '1h', '1d']) AS l;

-- Not inlined and stable, so that the planner knows the value: a view's raw tail is planned as the short span it is.
CREATE FUNCTION rolled_upto(of_relation text, of_level text) RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$ BEGIN RETURN (SELECT r.upto FROM rollup_levels r WHERE r.relation = of_relation AND r.level = of_level); END $$;

-- Spans of raw rows that were written or changed after they had been rolled up.
CREATE TABLE dirty_windows (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation text NOT NULL CHECK (relation IN ('portfolio', 'position')),
    first_ts timestamptz NOT NULL,
    last_ts  timestamptz NOT NULL CHECK (last_ts >= first_ts),
    noted_at timestamptz NOT NULL DEFAULT now()
);

-- Money that came or went without a trade. Deposits and withdrawals are no return; the other kinds are.
CREATE TABLE cash_flows (
    account      text NOT NULL REFERENCES accounts,
    flow_id      text NOT NULL,
    ts           timestamptz NOT NULL,
    session_date date NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'dividend', 'interest', 'fee', 'tax', 'other')),
    amount       numeric NOT NULL,     -- signed: what the account's cash changed by
    currency     text NOT NULL,
    base_amount  numeric,              -- in the account's base currency; null where the rate is not known
    description  text,
    source       text NOT NULL CHECK (source IN ('demo', 'statement', 'manual')),
    PRIMARY KEY (account, flow_id)
);
CREATE INDEX cash_flows_ts ON cash_flows (account, ts);

-- The broker's own bars of an instrument; `what` says of which quantity (implied_vol: annualised, 0.25 is 25 %).
CREATE TABLE price_bars (
    con_id       bigint NOT NULL REFERENCES contracts,
    what         text NOT NULL CHECK (what IN ('trades', 'implied_vol')),
    resolution   text NOT NULL CHECK (resolution IN ('1m', '1h', '1d')),
    ts           timestamptz NOT NULL,   -- the bar's start; a day's is its session date, midnight UTC
    session_date date NOT NULL,
    open         double precision NOT NULL,
    high         double precision NOT NULL,
    low          double precision NOT NULL,
    close        double precision NOT NULL,
    volume       double precision,
    PRIMARY KEY (con_id, what, resolution, ts)
);

-- How far the broker has been asked for bars, and what it answered last.
CREATE TABLE bar_coverage (
    con_id     bigint NOT NULL REFERENCES contracts,
    what       text NOT NULL CHECK (what IN ('trades', 'implied_vol')),
    resolution text NOT NULL CHECK (resolution IN ('1m', '1h', '1d')),
    first_ts   timestamptz,              -- null: nothing yet
    last_ts    timestamptz,
    asked_at   timestamptz NOT NULL,
    problem    text,                     -- the broker's refusal, else null
    PRIMARY KEY (con_id, what, resolution)
);
