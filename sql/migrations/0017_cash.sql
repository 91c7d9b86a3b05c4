-- What the broker says of cash, by currency, and of what is owed; and the deposits and withdrawals that follow from it before any
-- statement tells them.
ALTER TABLE portfolio_latest
    ADD COLUMN accrued_dividends double precision,
    ADD COLUMN accrued_interest double precision,
    ADD COLUMN cash_by_currency jsonb;              -- currency → [balance, rate to the base currency] as text

-- A row for each time that these changed and stood: what is here held until the next one. Beside them what the account was worth by
-- then, and when it was last told before the change (null: the poller had just begun).
CREATE TABLE cash_states (
    account                text NOT NULL REFERENCES accounts,
    ts                     timestamptz NOT NULL,    -- when the change was first seen
    session_date           date NOT NULL,
    cash_by_currency       jsonb NOT NULL,
    accrued_dividends      double precision,
    accrued_interest       double precision,
    net_liquidation        double precision NOT NULL,
    daily_pnl              double precision,
    before_ts              timestamptz,
    before_net_liquidation double precision,
    before_daily_pnl       double precision,
    PRIMARY KEY (account, ts)
);

-- Computed from cash_states and executions (data/analytics/transfers.py) again whenever one of them has news.
CREATE TABLE suspected_transfers (
    account      text NOT NULL REFERENCES accounts,
    ts           timestamptz NOT NULL,
    session_date date NOT NULL,
    amount       numeric NOT NULL,                  -- signed, in the account's base currency
    PRIMARY KEY (account, ts)
);

-- Those that nothing answers yet. A known deposit or withdrawal of about the amount within four days answers one (of several that are
-- alike it takes one each); so does a statement with the cash of its day and the next, whatever it says.
CREATE VIEW open_transfers AS
SELECT s.account, s.ts, s.session_date, s.amount
  FROM suspected_transfers s
 WHERE (SELECT count(*)
          FROM cash_flows f
         WHERE f.account = s.account AND f.kind IN ('deposit', 'withdrawal')
           AND abs(f.base_amount - s.amount) <= greatest(1, 0.02 * abs(s.amount))
           AND f.session_date BETWEEN s.session_date - 4 AND s.session_date + 4)
       < (SELECT count(*)
            FROM suspected_transfers o
           WHERE o.account = s.account AND o.ts <= s.ts
             AND abs(o.amount - s.amount) <= greatest(1, 0.02 * abs(s.amount))
             AND o.session_date BETWEEN s.session_date - 4 AND s.session_date)
   AND NOT EXISTS (SELECT FROM statements t
                    WHERE t.account = s.account AND jsonb_exists(t.sections, 'CashTransactions')
                      AND t.first_day <= s.session_date AND t.last_day > s.session_date);

-- What the broker's ticker announced of dividends per share, by ex-date: the newest word on each. What was announced and is past was paid.
CREATE TABLE dividends_told (
    symbol   text NOT NULL,
    currency text NOT NULL,
    ex_date  date NOT NULL,
    amount   double precision NOT NULL,
    as_of    timestamptz NOT NULL,
    PRIMARY KEY (symbol, currency, ex_date)
);
