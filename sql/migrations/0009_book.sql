-- The book, as folded last from the executions (data/book): derived, and at any time made anew from them.

-- From flat to flat in one contract, or open still. Money in the contract's currency. `trip` is the execution that began it.
CREATE TABLE round_trips (
    id           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    account      text NOT NULL REFERENCES accounts,
    trip         text NOT NULL,
    con_id       bigint NOT NULL REFERENCES contracts,
    direction    smallint NOT NULL CHECK (direction IN (-1, 1)),   -- short, long
    opened       timestamptz NOT NULL,
    opened_on    date NOT NULL,
    closed       timestamptz CHECK (closed >= opened),   -- null: open
    closed_on    date,
    ended_by     text,                  -- the kind of the execution that closed it
    dte          integer,               -- days to expiry when it was opened
    quantity     numeric NOT NULL,      -- held now, signed
    peak         numeric NOT NULL,      -- the most that was held
    open_price   numeric,               -- averages, by quantity
    close_price  numeric,
    gross        numeric NOT NULL,      -- cash received less paid, before fees
    fees         numeric NOT NULL,
    foreign_fees jsonb NOT NULL DEFAULT '{}',   -- by currency, where it is another
    net          numeric,               -- after fees; null where what it began with is not known, or fees are foreign
    carried      numeric NOT NULL,      -- premium that an assignment or exercise moved: net + carried is the broker's result
    base         numeric,               -- what its return is on
    base_kind    text CHECK (base_kind IN ('cash_secured', 'cost', 'strike', 'proceeds')),
    strategy     text REFERENCES strategies,
    chain        text,                  -- the roll chain: the trip that it began with; null for shares
    cycle        text,                  -- the wheel cycle likewise
    executions   text[] NOT NULL,
    PRIMARY KEY (account, trip)
);
CREATE INDEX round_trips_page ON round_trips (account, opened DESC, id DESC);
CREATE INDEX round_trips_chain ON round_trips (account, chain);
CREATE INDEX round_trips_cycle ON round_trips (account, cycle);

-- Put sold, rolled, assigned, calls sold, called away. Money that it bound, over time: money × seconds up to `bound_until`,
-- and what it binds since; on Regulation T's margin an estimate.
CREATE TABLE wheel_cycles (
    account         text NOT NULL REFERENCES accounts,
    cycle           text NOT NULL,
    symbol          text NOT NULL,
    currency        text NOT NULL,
    stage           text NOT NULL CHECK (stage IN ('put', 'shares', 'covered', 'call', 'other', 'closed')),
    strategy        text REFERENCES strategies,
    opened          timestamptz NOT NULL,
    opened_on       date NOT NULL,
    closed          timestamptz,
    closed_on       date,
    trips           integer NOT NULL,
    rolls           integer NOT NULL,
    shares          numeric NOT NULL,
    premium         numeric NOT NULL,   -- of options, buy-backs taken off, before fees
    fees            numeric NOT NULL,
    dividends       numeric NOT NULL,
    cash            numeric,            -- all that came less what went; of what is closed the result
    paid            numeric,            -- per share: what the shares were bought for,
    broker_basis    numeric,            -- … less the premium of the puts that brought them,
    break_even      numeric,            -- … less everything that the cycle brought
    secured_seconds numeric,
    secured_now     numeric,
    margin_seconds  numeric,
    margin_now      numeric,
    bound_until     timestamptz NOT NULL,
    PRIMARY KEY (account, cycle)
);
CREATE INDEX wheel_cycles_page ON wheel_cycles (account, opened DESC, cycle DESC);

-- Up to which trades revision an account's book goes.
CREATE TABLE book_state (
    account   text PRIMARY KEY REFERENCES accounts,
    revision  bigint NOT NULL,
    folded_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
