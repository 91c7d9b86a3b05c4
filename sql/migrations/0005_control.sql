-- Control: bots and their strategies, commands and how far each is, runs, decisions, and the audit log.

-- A program that trades. `adapter` wrapper: started by `mtz bot`; in_process: a running program that reports by REST.
CREATE TABLE bots (
    bot           text PRIMARY KEY CHECK (bot ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'),
    adapter       text NOT NULL CHECK (adapter IN ('wrapper', 'in_process')),
    family        text CHECK (family IN ('thetagang1', 'thetagang2')),   -- of a wrapped bot's configuration: 1.16 and its forks, 2.x
    version       text,
    account       text,
    client_id     integer,               -- its own at the gateway
    gateway_host  text,
    gateway_port  integer,
    config_path   text,
    command       jsonb,                 -- its last command line, secrets masked
    schedule      text,                  -- when runs are expected: five cron fields, exchange time; null: at any time
    longest_run_s integer CHECK (longest_run_s > 0),
    heartbeat_at  timestamptz,           -- an in-process bot's last sign of life
    problem       text,
    first_seen    timestamptz NOT NULL DEFAULT now(),
    last_seen     timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE strategies
    ADD bot               text REFERENCES bots,
    ADD title             text,
    ADD symbols           text[] NOT NULL DEFAULT '{}',
    ADD allocation        double precision,                    -- share of the account, a fraction of 1
    ADD can_pause_opening boolean NOT NULL DEFAULT false,      -- the bot can tell openings from rolls and closes
    ADD is_listed         boolean NOT NULL DEFAULT true,       -- the bot still has it
    ADD bot_status        text,                                -- in the bot's own words: running, error, …
    ADD bot_words         text,
    ADD bot_status_at     timestamptz;

-- What somebody asked for; never changed. `strategy` '*': every one (the kill switch).
CREATE TABLE commands (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id      uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    strategy        text NOT NULL,
    symbol          text,                -- one symbol of the strategy; null: all of it
    action          text NOT NULL CHECK (action IN ('pause', 'resume', 'stop')),
    scope           text NOT NULL DEFAULT 'all' CHECK (scope IN ('all', 'opening')),
    reason          text,
    actor           text NOT NULL,       -- a user's or token's name, "command line", "dead-man rule"
    actor_kind      text NOT NULL CHECK (actor_kind IN ('user', 'token', 'local', 'agent')),
    origin          text,                -- from where: an address, a host
    batch           uuid,                -- given together, as by the kill switch
    requested_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (scope = 'all' OR action = 'pause')
);
CREATE INDEX commands_strategy ON commands (strategy, id);

-- Which command each Idempotency-Key was answered with; also one that had been given before.
CREATE TABLE command_keys (
    actor_kind  text NOT NULL,
    actor       text NOT NULL,
    key         text NOT NULL,
    fingerprint text NOT NULL,           -- of the request that the key was given with
    command     bigint NOT NULL REFERENCES commands ON DELETE CASCADE,
    PRIMARY KEY (actor_kind, actor, key)
);

-- How far a command is. No row yet: requested. Settled: enforced, not_enforced (looked at again), failed, overruled.
CREATE TABLE command_progress (
    command         bigint PRIMARY KEY REFERENCES commands,
    state           text NOT NULL CHECK (state IN ('claimed', 'acknowledged', 'enforced', 'not_enforced', 'failed', 'overruled')),
    claimed_by      text NOT NULL,
    claimed_at      timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    settled_at      timestamptz,
    detail          text,                -- one sentence: why not, what remains, what to do
    remaining       jsonb NOT NULL DEFAULT '[]'   -- working orders that keep a stop from being enforced
);
CREATE INDEX command_progress_open ON command_progress (command) WHERE state IN ('claimed', 'acknowledged', 'not_enforced');

-- What is in force for a strategy (symbol '') or one symbol of it, as acknowledged by the agent. None: active.
CREATE TABLE strategy_states (
    strategy text NOT NULL,
    symbol   text NOT NULL DEFAULT '',
    desired  text NOT NULL CHECK (desired IN ('active', 'opening_paused', 'paused', 'stopped')),
    command  bigint NOT NULL REFERENCES commands,
    since    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (strategy, symbol)
);

-- A run of a wrapped bot (or a cycle of an in-process one). `command_seen`: the newest command its start had read.
CREATE TABLE bot_runs (
    run_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    bot          text NOT NULL REFERENCES bots,
    started_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    outcome      text CHECK (outcome IN ('ok', 'failed', 'refused', 'killed', 'vanished')),
    exit_code    integer,
    command_seen bigint NOT NULL DEFAULT 0,
    host         text,
    pid          integer,
    version      text,
    is_preview   boolean NOT NULL DEFAULT false,
    words        text,                   -- why it failed or was refused: the bot's words or one sentence of ours
    output       text,                   -- its end where it was long, secrets masked
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX bot_runs_newest ON bot_runs (bot, started_at DESC);

-- What an in-process bot says it does with each of its strategies; the newest report only.
CREATE TABLE bot_reports (
    strategy        text PRIMARY KEY REFERENCES strategies,
    bot             text NOT NULL REFERENCES bots,
    applied_command bigint NOT NULL,     -- the newest command of this strategy that it acts on
    desired         text NOT NULL CHECK (desired IN ('active', 'opening_paused', 'paused', 'stopped')),   -- what it acts on
    symbol_states   jsonb NOT NULL DEFAULT '{}',   -- and of single symbols
    failure         text,                -- why a newer command could not be applied: the bot's words
    cycles_since    integer NOT NULL,    -- whole cycles since, without an order against it
    queued_orders   integer NOT NULL,    -- orders of it that were queued all the same
    open_orders     integer,             -- of its own that work at the broker, as far as it says
    next_cycle_at   timestamptz,
    figures         jsonb NOT NULL DEFAULT '{}',   -- in the bot's own terms
    reported_at     timestamptz NOT NULL DEFAULT now()
);

-- What a bot decided: intended orders, what it skipped and why, what was rejected.
CREATE TABLE decisions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot         text NOT NULL REFERENCES bots,
    source_key  text NOT NULL,           -- the bot's own name of it: read twice, it is one
    account     text,
    strategy    text REFERENCES strategies,
    run_id      uuid REFERENCES bot_runs,
    ts          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('intent', 'skip', 'rejection', 'error', 'note')),
    symbol      text,
    con_id      bigint,
    contract    text,                    -- as people read it: AAPL 2026-12-18 190 P
    action      text,
    quantity    numeric,
    limit_price double precision,
    bid         double precision,        -- at the decision
    ask         double precision,
    reason      text,                    -- in words
    order_id    bigint,
    perm_id     bigint,
    client_id   integer,
    order_ref   text,
    detail      jsonb NOT NULL DEFAULT '{}',
    UNIQUE (bot, source_key)
);
CREATE INDEX decisions_page ON decisions (strategy, ts DESC, id DESC);
CREATE INDEX decisions_time ON decisions (ts DESC, id DESC);
CREATE INDEX decisions_order ON decisions (account, perm_id) WHERE perm_id IS NOT NULL;

-- Whose order it was; the newest row of an order counts. `how`: by its orderRef, by the bot's own records, by clientId and
-- shape, or by hand.
CREATE TABLE attributions (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account  text NOT NULL,
    perm_id  bigint NOT NULL,
    strategy text REFERENCES strategies,   -- null: taken away
    how      text NOT NULL CHECK (how IN ('order_ref', 'join', 'shape', 'hand')),
    actor    text,                         -- by hand: whose
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attributions_newest ON attributions (account, perm_id, id DESC);
CREATE INDEX executions_strategy ON executions (strategy, ts) WHERE effective;
CREATE INDEX executions_perm_id ON executions (account, perm_id);

-- What each strategy earned and risks, in the account's base currency, as computed last (docs/strategy-figures.md); strategy '':
-- what belongs to none. Premium, fees and the counts are since `pnl_since`, its first execution.
CREATE TABLE strategy_latest (
    account         text NOT NULL REFERENCES accounts,
    strategy        text NOT NULL,
    as_of           timestamptz,          -- the newest datum in it
    session_date    date NOT NULL,        -- the trading day that pnl_day is of
    currency        text,
    pnl_day         double precision,
    pnl_total       double precision,
    pnl_since       timestamptz,
    premium         double precision,
    fees            double precision,
    capital_at_risk double precision,
    exposure        double precision,
    trades          integer NOT NULL,
    closed          integer NOT NULL,     -- contracts closed, and how many of them made money
    wins            integer NOT NULL,
    positions       integer NOT NULL,
    reason          text,                 -- why a figure is not known
    shorts          jsonb NOT NULL DEFAULT '[]',
    income_total    double precision,     -- of strategy '': dividends, interest, taxes and fees of the account since its baseline
    residual_day    double precision,     -- of strategy '': the account's own figure less the sum of all strategies, this and income
    residual_total  double precision,
    PRIMARY KEY (account, strategy)
) WITH (fillfactor = 50);

-- The same once a minute while data are proven alive; 0007 makes it a hypertable on TimescaleDB.
CREATE TABLE strategy_snapshots (
    account         text NOT NULL,
    strategy        text NOT NULL,
    ts              timestamptz NOT NULL,
    as_of           timestamptz NOT NULL,
    session_date    date NOT NULL,
    currency        text,
    pnl_day         double precision,
    pnl_total       double precision,
    premium         double precision,
    fees            double precision,
    capital_at_risk double precision,
    exposure        double precision,
    trades          integer NOT NULL,
    closed          integer NOT NULL,
    wins            integer NOT NULL,
    positions       integer NOT NULL,
    PRIMARY KEY (account, strategy, ts)
);
CREATE INDEX strategy_snapshots_ts ON strategy_snapshots USING brin (ts);

-- The agent asks the poller what is open at the broker now; the answer is the whole of reqAllOpenOrders.
CREATE TABLE order_requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_answers (
    request     bigint PRIMARY KEY REFERENCES order_requests,
    answered_at timestamptz NOT NULL DEFAULT now(),
    perm_ids    bigint[],                -- of the orders that work; their rows are in `orders`
    problem     text,                    -- why it couldn't be asked
    CHECK ((perm_ids IS NULL) <> (problem IS NULL))
);

-- The strategy agent's sign of life.
CREATE TABLE agent_status (
    singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    heartbeat_at timestamptz NOT NULL,
    started_at   timestamptz NOT NULL,
    host         text NOT NULL,
    pid          integer NOT NULL
);

-- The bot's own dry run, asked for from a page.
CREATE TABLE previews (
    preview_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    bot          text NOT NULL REFERENCES bots,
    actor        text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE preview_results (
    preview_id uuid PRIMARY KEY REFERENCES previews,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    problem    text,
    orders     jsonb,                    -- what it would send
    words      text
);

-- The audit log. A row's hash covers the one before it: what is changed, missing or reordered shows.
CREATE TABLE audit_events (
    id        bigint PRIMARY KEY,
    at        timestamptz NOT NULL,
    kind      text NOT NULL,             -- command.requested, command.acknowledged, user.logged_in, …
    actor     text NOT NULL,
    origin    text,
    subject   text,                      -- what it is about: a strategy, a user, an order
    detail    jsonb NOT NULL DEFAULT '{}',
    previous  bytea NOT NULL,
    hash      bytea NOT NULL
);
CREATE TABLE audit_head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        bigint NOT NULL,
    hash      bytea NOT NULL
);
INSERT INTO audit_head (id, hash) VALUES (0, sha256('MoneyTrailz'));

-- What is hashed: every member with its length before it, so that no two rows read the same.
CREATE FUNCTION audit_hash(previous bytea, id bigint, at timestamptz, kind text, actor text, origin text, subject text, detail jsonb)
    RETURNS bytea LANGUAGE sql IMMUTABLE
    AS $$ SELECT sha256(previous || convert_to(
              (SELECT string_agg(coalesce(octet_length(convert_to(v, 'UTF8'))::text || ':' || v, '-'), ',' ORDER BY n)
                 FROM unnest(ARRAY[id::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), kind, actor, origin, subject,
                                   detail::text]) WITH ORDINALITY AS x (v, n)), 'UTF8')) $$;

-- Number, time and hash are the database's, whatever the writer says. One writer at a time, so that the chain has one order.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE head audit_head;
BEGIN
    SELECT * INTO head FROM audit_head FOR UPDATE;
    NEW.id := head.id + 1;
    NEW.at := clock_timestamp();
    NEW.previous := head.hash;
    NEW.hash := audit_hash(NEW.previous, NEW.id, NEW.at, NEW.kind, NEW.actor, NEW.origin, NEW.subject, NEW.detail);
    UPDATE audit_head SET id = NEW.id, hash = NEW.hash;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'The audit log is never changed.' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- Strategies concern every account: each one's revision moves and is announced. Who may not write revisions may do this.
CREATE FUNCTION strategies_changed() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE moved revisions;
BEGIN
    FOR moved IN
        INSERT INTO revisions AS r (account, topic, revision)
        SELECT a.account, 'strategies', 1 FROM accounts a ORDER BY a.account
        ON CONFLICT (account, topic) DO UPDATE SET revision = r.revision + 1, changed_at = clock_timestamp()
        RETURNING r.*
    LOOP
        PERFORM pg_notify('mtz', json_build_object('account', moved.account, 'topic', moved.topic, 'revision', moved.revision)::text);
    END LOOP;
END $$;

-- What is not attributed yet is looked for every few seconds.
CREATE INDEX orders_unattributed ON orders (account, perm_id) WHERE strategy IS NULL;
CREATE INDEX executions_unattributed ON executions (account, perm_id) WHERE strategy IS NULL AND effective;
CREATE INDEX orders_time ON orders (as_of DESC, perm_id DESC);
