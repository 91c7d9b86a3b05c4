-- Activity Flex statements: what they say, kept beside what the API said. A statement's rows come and are replaced as a whole.

ALTER TABLE executions DROP CONSTRAINT executions_kind_check;
ALTER TABLE executions ADD CONSTRAINT executions_kind_check
    CHECK (kind IN ('trade', 'combo', 'assignment', 'exercise', 'expiry', 'corporate'));

-- The broker's automatic conversions: one row for each currency.
ALTER TABLE cash_flows DROP CONSTRAINT cash_flows_kind_check;
ALTER TABLE cash_flows ADD CONSTRAINT cash_flows_kind_check
    CHECK (kind IN ('deposit', 'withdrawal', 'dividend', 'interest', 'fee', 'tax', 'other', 'conversion'));
ALTER TABLE cash_flows ADD COLUMN rate_to_base numeric;      -- of the day, with which base_amount was made
ALTER TABLE cash_flows ADD COLUMN con_id bigint;             -- who paid
ALTER TABLE cash_flows ADD COLUMN symbol text;

-- Each that was imported. `result`: what it brought and what it lacks (data/flex/importing.py).
CREATE TABLE statements (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text NOT NULL REFERENCES accounts,
    base_currency text,
    first_day     date NOT NULL,
    last_day      date NOT NULL CHECK (last_day >= first_day),
    generated_at  timestamptz NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT now(),
    content_hash  text NOT NULL,
    file_name     text NOT NULL,
    query         text,
    sections      jsonb NOT NULL,       -- name → fields that its rows have
    nav_change    jsonb NOT NULL DEFAULT '{}',   -- “Change in NAV”: name → amount as text
    result        jsonb NOT NULL,
    UNIQUE (account, content_hash)
);
CREATE INDEX statements_account ON statements (account, last_day DESC, first_day, generated_at DESC);

-- Trades as the statements say them; `trade` is the record's key. Of statements that overlap the one generated last counts.
CREATE TABLE statement_trades (
    account             text NOT NULL REFERENCES accounts,
    trade               text NOT NULL,
    statement           bigint NOT NULL REFERENCES statements,
    con_id              bigint NOT NULL REFERENCES contracts,
    ts                  timestamptz NOT NULL,
    session_date        date NOT NULL,
    trade_date          date NOT NULL,
    report_date         date,
    kind                text NOT NULL,
    quantity            numeric NOT NULL,      -- signed
    price               numeric NOT NULL,
    multiplier          numeric NOT NULL,
    currency            text NOT NULL,
    is_booked           boolean NOT NULL,
    is_conversion       boolean NOT NULL,
    trade_id            text,
    exec_id             text,
    transaction_id      text,
    order_id            text,
    order_ref           text,
    exchange            text,
    cancels             text,                  -- the trade id that this one takes back
    proceeds            numeric,
    commission          numeric,               -- negative when paid, as in the statement
    commission_currency text,
    taxes               numeric,
    net_cash            numeric,
    cost                numeric,
    realized_pnl        numeric,
    rate_to_base        numeric,
    codes               text[] NOT NULL DEFAULT '{}',
    base_exec_id        text,                  -- the execution that it is, once merged; null: a conversion or a cancellation
    PRIMARY KEY (account, trade)
);
CREATE INDEX statement_trades_exec ON statement_trades (account, base_exec_id);
CREATE INDEX statement_trades_booked ON statement_trades (account, con_id, session_date);

-- Lots that a trade closed, as the broker matched them: they overrule first in, first out.
CREATE TABLE statement_lots (
    account      text NOT NULL REFERENCES accounts,
    lot          text NOT NULL,
    statement    bigint NOT NULL REFERENCES statements,
    trade        text NOT NULL,
    con_id       bigint NOT NULL REFERENCES contracts,
    opened       timestamptz NOT NULL,
    closed       timestamptz NOT NULL,
    quantity     numeric NOT NULL,
    cost         numeric,
    realized_pnl numeric,
    currency     text NOT NULL,
    multiplier   numeric NOT NULL,
    is_wash_sale boolean NOT NULL,
    PRIMARY KEY (account, lot)
);
CREATE INDEX statement_lots_trade ON statement_lots (account, trade);

CREATE TABLE statement_option_events (
    account      text NOT NULL REFERENCES accounts,
    event        text NOT NULL,
    statement    bigint NOT NULL REFERENCES statements,
    con_id       bigint NOT NULL REFERENCES contracts,
    day          date NOT NULL,
    kind         text NOT NULL,
    quantity     numeric NOT NULL,
    price        numeric,
    proceeds     numeric,
    realized_pnl numeric,
    currency     text NOT NULL,
    trade_id     text,
    PRIMARY KEY (account, event)
);

CREATE TABLE corporate_actions (
    account      text NOT NULL REFERENCES accounts,
    action       text NOT NULL,
    statement    bigint NOT NULL REFERENCES statements,
    action_id    text,
    con_id       bigint NOT NULL REFERENCES contracts,
    ts           timestamptz NOT NULL,
    report_date  date,
    type         text NOT NULL,
    description  text,
    quantity     numeric NOT NULL,
    proceeds     numeric NOT NULL,
    value        numeric,
    realized_pnl numeric,
    currency     text NOT NULL,
    rate_to_base numeric,
    PRIMARY KEY (account, action)
);

-- Of these the book: what a contract became (a split, a renaming), quantity × numerator / denominator.
CREATE TABLE contract_changes (
    account     text NOT NULL REFERENCES accounts,
    change      text NOT NULL,
    con_id      bigint NOT NULL REFERENCES contracts,
    into_con_id bigint NOT NULL REFERENCES contracts,
    ts          timestamptz NOT NULL,
    numerator   numeric NOT NULL CHECK (numerator > 0),
    denominator numeric NOT NULL CHECK (denominator > 0),
    PRIMARY KEY (account, change)
);

-- What was held before the first execution that is known; made anew by each import. `price` null: what was paid isn't known.
CREATE TABLE openings (
    account      text NOT NULL REFERENCES accounts,
    opening      text NOT NULL,
    con_id       bigint NOT NULL REFERENCES contracts,
    ts           timestamptz NOT NULL,
    session_date date NOT NULL,
    quantity     numeric NOT NULL,
    price        numeric,
    PRIMARY KEY (account, opening)
);

CREATE TABLE statement_transfers (
    account      text NOT NULL REFERENCES accounts,
    transfer     text NOT NULL,
    statement    bigint NOT NULL REFERENCES statements,
    con_id       bigint REFERENCES contracts,
    ts           timestamptz NOT NULL,
    quantity     numeric NOT NULL,
    price        numeric,
    cash         numeric NOT NULL,
    value        numeric,
    currency     text NOT NULL,
    rate_to_base numeric,
    description  text,
    PRIMARY KEY (account, transfer)
);

CREATE TABLE dividend_accruals (
    account      text NOT NULL REFERENCES accounts,
    accrual      text NOT NULL,
    statement    bigint NOT NULL REFERENCES statements,
    con_id       bigint NOT NULL REFERENCES contracts,
    day          date,                  -- null: owed at the end of its statement
    ex_date      date,
    pay_date     date,
    quantity     numeric,
    gross        numeric,
    tax          numeric,
    net          numeric NOT NULL,
    currency     text NOT NULL,
    rate_to_base numeric,
    is_open      boolean NOT NULL,
    PRIMARY KEY (account, accrual)
);

-- Net asset value per day: what was before the first sample, and what the samples are held against.
CREATE TABLE statement_nav (
    account           text NOT NULL REFERENCES accounts,
    day               date NOT NULL,
    statement         bigint NOT NULL REFERENCES statements,
    currency          text NOT NULL,
    total             numeric NOT NULL,
    cash              numeric,
    stock             numeric,
    options           numeric,
    bonds             numeric,
    funds             numeric,
    commodities       numeric,
    crypto            numeric,
    dividend_accruals numeric,
    interest_accruals numeric,
    other             numeric NOT NULL,
    PRIMARY KEY (account, day)
);

CREATE TABLE conversion_rates (
    day         date NOT NULL,
    currency    text NOT NULL,
    to_currency text NOT NULL,
    rate        numeric NOT NULL,
    PRIMARY KEY (currency, to_currency, day)
);

-- As of the end of a statement.
CREATE TABLE statement_positions (
    statement      bigint NOT NULL REFERENCES statements,
    account        text NOT NULL REFERENCES accounts,
    con_id         bigint NOT NULL REFERENCES contracts,
    day            date NOT NULL,
    quantity       numeric NOT NULL,
    mark           numeric,
    value          numeric,
    cost           numeric,
    unrealized_pnl numeric,
    currency       text NOT NULL,
    rate_to_base   numeric,
    multiplier     numeric NOT NULL,
    lots           jsonb NOT NULL DEFAULT '[]',   -- opened, quantity, cost
    PRIMARY KEY (statement, con_id)
);
CREATE INDEX statement_positions_account ON statement_positions (account, day);

CREATE TABLE statement_cash (
    statement bigint NOT NULL REFERENCES statements,
    account   text NOT NULL REFERENCES accounts,
    currency  text NOT NULL,            -- BASE: all, in the base currency
    starting  numeric,
    ending    numeric,
    parts     jsonb NOT NULL DEFAULT '{}',   -- name → amount as text
    PRIMARY KEY (statement, currency)
);

-- How a statement agrees with itself and with what is stored; made anew for all of an account's after each import.
CREATE TABLE reconciliations (
    statement   bigint PRIMARY KEY REFERENCES statements ON DELETE CASCADE,
    account     text NOT NULL REFERENCES accounts,
    made_at     timestamptz NOT NULL DEFAULT now(),
    open_breaks integer NOT NULL,
    report      jsonb NOT NULL           -- data/reconciliation/report.py
);
CREATE INDEX reconciliations_account ON reconciliations (account);
