-- An account's figures, their revision and what total and daily P&L are measured against: total P&L against the earliest net asset
-- value that a statement has, where that is before the first sample.
-- The previous equity is the last sample of the session right before the row's own.
SELECT a.base_currency,
       CASE WHEN nav.at IS NULL THEN a.baseline_net_liquidation ELSE nav.total END AS baseline_net_liquidation,
       coalesce(nav.at, a.baseline_at) AS baseline_at,
       -- Deposits and withdrawals since the baseline: no profit, nor are those that are only suspected. Null when one of them has no
       -- rate to the base currency.
       (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
          FROM cash_flows f
         WHERE f.account = a.account AND f.kind IN ('deposit', 'withdrawal')
           AND CASE WHEN nav.day IS NULL THEN f.ts > a.baseline_at ELSE f.session_date > nav.day END)
           + coalesce(open.amount, 0) AS transfers,
       coalesce(open.amount, 0) AS suspected,
       p.*,
       coalesce((SELECT r.revision FROM revisions r WHERE r.account = a.account AND r.topic = 'portfolio'), 0) AS revision,
       (SELECT s.net_liquidation
          FROM (SELECT m.session_date, m.closes
                  FROM market_sessions m
                 WHERE m.session_date < p.session_date
                 ORDER BY m.session_date DESC
                 LIMIT 1) AS previous
          JOIN LATERAL (SELECT x.net_liquidation, x.session_date
                          FROM portfolio_snapshots x
                         WHERE x.account = a.account AND x.ts <= previous.closes AND x.net_liquidation IS NOT NULL
                         ORDER BY x.ts DESC
                         LIMIT 1) AS s ON s.session_date = previous.session_date) AS previous_equity
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
  LEFT JOIN LATERAL (
       SELECT n.day, m.closes AS at, cast(n.total AS double precision) AS total
         FROM statement_nav n
         JOIN market_sessions m ON m.session_date = n.day
        WHERE n.account = a.account AND (a.baseline_at IS NULL OR m.closes <= a.baseline_at)
        ORDER BY n.day
        LIMIT 1) AS nav ON true
  LEFT JOIN LATERAL (
       SELECT sum(o.amount) AS amount
         FROM open_transfers o
        WHERE o.account = a.account
          AND CASE WHEN nav.day IS NULL THEN o.ts > a.baseline_at ELSE o.session_date > nav.day END) AS open ON true
 WHERE a.account = :account
