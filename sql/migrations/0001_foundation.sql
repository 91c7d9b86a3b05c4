-- The foundation: one account's present (…_latest), its past (…_snapshots), its fills and orders, and how well we know them.
-- Written for PostgreSQL 15. Sampled values are double precision; money that is summed is numeric; times are timestamptz (UTC).

CREATE TABLE database_source (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    source      text NOT NULL CHECK (source IN ('demo', 'paper', 'live')),
    account     text NOT NULL,           -- the account that claimed it first
    claimed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE accounts (
    account                  text PRIMARY KEY,
    source                   text NOT NULL CHECK (source IN ('demo', 'paper', 'live')),
    base_currency            text,
    first_seen               timestamptz NOT NULL DEFAULT now(),
    baseline_net_liquidation double precision,   -- total P&L counts from here
    baseline_at              timestamptz
);

-- Exchange sessions (XNYS), filled by the migration step: long-lived processes need no calendar library.
CREATE TABLE market_sessions (
    session_date date PRIMARY KEY,
    opens        timestamptz NOT NULL,
    closes       timestamptz NOT NULL CHECK (closes > opens)
);

-- The trading day an instant belongs to: the first session that has not closed yet (off-session time belongs to the next).
CREATE FUNCTION session_date_of(ts timestamptz) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce((SELECT s.session_date FROM market_sessions s WHERE s.closes > ts ORDER BY s.closes LIMIT 1),
                          (ts AT TIME ZONE 'America/New_York')::date) $$;
CREATE INDEX market_sessions_closes ON market_sessions (closes);

-- A text cell of a CSV file that a spreadsheet won't run as a formula.
CREATE FUNCTION csv_text(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN value ~ '^[-=+@\t\r\n]' THEN '''' || value ELSE value END $$;

CREATE FUNCTION csv_time(ts timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE TABLE contracts (
    con_id        bigint PRIMARY KEY,
    symbol        text NOT NULL,
    local_symbol  text NOT NULL,
    sec_type      text NOT NULL,
    trading_class text,
    exchange      text,
    expiry        date,
    strike        double precision,
    "right"       text CHECK ("right" IN ('C', 'P')),
    multiplier    double precision NOT NULL DEFAULT 1,
    currency      text NOT NULL
);
CREATE INDEX contracts_symbol ON contracts (symbol, expiry);

CREATE TABLE revisions (
    account    text NOT NULL,
    topic      text NOT NULL,
    revision   bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, topic)
) WITH (fillfactor = 50);

CREATE TABLE portfolio_latest (
    account              text PRIMARY KEY REFERENCES accounts,
    as_of                timestamptz NOT NULL,
    session_date         date NOT NULL,
    currency             text,
    net_liquidation      double precision,
    cash                 double precision,
    available_funds      double precision,
    buying_power         double precision,
    excess_liquidity     double precision,
    initial_margin       double precision,
    maintenance_margin   double precision,
    cushion              double precision,
    gross_position_value double precision,
    daily_pnl            double precision,
    unrealized_pnl       double precision,
    realized_pnl         double precision
) WITH (fillfactor = 50);

CREATE TABLE positions_latest (
    account          text NOT NULL REFERENCES accounts,
    con_id           bigint NOT NULL REFERENCES contracts,
    as_of            timestamptz NOT NULL,
    changed_revision bigint NOT NULL,      -- the positions revision that wrote this row: who knows revision n reads rows above n
    quantity         double precision NOT NULL,
    avg_cost         double precision,
    market_price     double precision,
    market_value     double precision,
    unrealized_pnl   double precision,
    realized_pnl     double precision,
    daily_pnl        double precision,
    delta            double precision,
    gamma            double precision,
    theta            double precision,
    vega             double precision,
    implied_vol      double precision,
    underlying_price double precision,
    greeks_as_of     timestamptz,
    PRIMARY KEY (account, con_id)
) WITH (fillfactor = 50);

-- Sampled history. Plain tables with BRIN (rows arrive in time order); the key contains the time, so that they can become hypertables.
CREATE TABLE portfolio_snapshots (
    account              text NOT NULL,
    ts                   timestamptz NOT NULL,   -- when it was sampled
    as_of                timestamptz NOT NULL,   -- the newest datum in it
    session_date         date NOT NULL,
    currency             text,
    net_liquidation      double precision,
    cash                 double precision,
    available_funds      double precision,
    buying_power         double precision,
    excess_liquidity     double precision,
    initial_margin       double precision,
    maintenance_margin   double precision,
    cushion              double precision,
    gross_position_value double precision,
    daily_pnl            double precision,
    unrealized_pnl       double precision,
    realized_pnl         double precision,
    PRIMARY KEY (account, ts)
);
CREATE INDEX portfolio_snapshots_ts ON portfolio_snapshots USING brin (ts);

CREATE TABLE position_snapshots (
    account          text NOT NULL,
    con_id           bigint NOT NULL,
    ts               timestamptz NOT NULL,
    as_of            timestamptz NOT NULL,
    session_date     date NOT NULL,
    currency         text NOT NULL,
    quantity         double precision NOT NULL,
    avg_cost         double precision,
    market_price     double precision,
    market_value     double precision,
    unrealized_pnl   double precision,
    realized_pnl     double precision,
    daily_pnl        double precision,
    delta            double precision,
    gamma            double precision,
    theta            double precision,
    vega             double precision,
    implied_vol      double precision,
    underlying_price double precision,
    PRIMARY KEY (account, con_id, ts)
);
CREATE INDEX position_snapshots_ts ON position_snapshots USING brin (ts);

CREATE TABLE strategies (
    name       text PRIMARY KEY,           -- bot/strategy
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Every report of a fill ever seen. A correction is a row of its own with a higher revision; exactly one row of a base id is effective.
CREATE TABLE executions (
    id                  bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    account             text NOT NULL REFERENCES accounts,
    base_exec_id        text NOT NULL,
    revision            integer NOT NULL,
    effective           boolean NOT NULL,
    exec_id             text NOT NULL,
    changed_revision    bigint NOT NULL,   -- the trades revision that wrote this row
    source              text NOT NULL CHECK (source IN ('api', 'statement')),
    kind                text NOT NULL CHECK (kind IN ('trade', 'combo', 'assignment', 'exercise', 'expiry')),
    con_id              bigint NOT NULL REFERENCES contracts,
    ts                  timestamptz NOT NULL,
    session_date        date NOT NULL,
    side                text NOT NULL CHECK (side IN ('BOT', 'SLD')),
    quantity            numeric NOT NULL,
    price               numeric NOT NULL,
    exchange            text,
    order_id            bigint,
    perm_id             bigint,
    client_id           integer,
    order_ref           text,
    commission          numeric,
    commission_currency text,
    realized_pnl        numeric,
    strategy            text REFERENCES strategies,
    received_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, base_exec_id, revision)
);
CREATE UNIQUE INDEX executions_effective ON executions (account, base_exec_id) WHERE effective;
CREATE INDEX executions_page ON executions (account, ts DESC, id DESC) WHERE effective;
CREATE INDEX executions_changed ON executions (account, changed_revision);
CREATE INDEX executions_con_id ON executions (con_id, ts);

CREATE TABLE orders (
    account        text NOT NULL REFERENCES accounts,
    perm_id        bigint NOT NULL,
    as_of          timestamptz NOT NULL,
    con_id         bigint REFERENCES contracts,   -- null for a combo
    symbol         text NOT NULL,
    sec_type       text NOT NULL,
    action         text NOT NULL,
    order_type     text NOT NULL,
    quantity       numeric NOT NULL,
    limit_price    double precision,
    stop_price     double precision,
    tif            text,
    order_id       bigint,
    client_id      integer,
    order_ref      text,
    status         text NOT NULL,
    filled         numeric,
    remaining      numeric,
    avg_fill_price double precision,
    strategy       text REFERENCES strategies,
    PRIMARY KEY (account, perm_id)
);

CREATE TABLE order_events (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   text NOT NULL,
    perm_id   bigint NOT NULL,
    ts        timestamptz NOT NULL,
    status    text NOT NULL,
    filled    numeric,
    remaining numeric,
    FOREIGN KEY (account, perm_id) REFERENCES orders
);
CREATE INDEX order_events_order ON order_events (account, perm_id, ts);

-- Spans without proven data: a gap in a chart has its reason here.
CREATE TABLE outages (
    account text NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('gateway', 'feed', 'database', 'poller')),
    started timestamptz NOT NULL,
    ended   timestamptz CHECK (ended >= started),
    reason  text NOT NULL,
    PRIMARY KEY (account, kind, started)
);

CREATE TABLE poller_status (
    account             text PRIMARY KEY,
    heartbeat_at        timestamptz NOT NULL,
    started_at          timestamptz NOT NULL,
    gateway_state       text NOT NULL,
    gateway_reason      text,
    gateway_since       timestamptz NOT NULL,
    gateway_address     text NOT NULL,
    client_id           integer NOT NULL,
    server_version      integer,
    last_datum_at       timestamptz,
    feed_proven_at      timestamptz,
    market_data_type    integer,
    market_phase        text CHECK (market_phase IN ('pre', 'open', 'post', 'closed')),
    next_phase_at       timestamptz,
    queue_depth         integer NOT NULL DEFAULT 0,
    spool_bytes         bigint NOT NULL DEFAULT 0,
    implausible         bigint NOT NULL DEFAULT 0,
    market_data_lines   integer NOT NULL DEFAULT 0,
    other_clients_fills boolean,
    last_error          text,
    last_error_at       timestamptz
) WITH (fillfactor = 50);
