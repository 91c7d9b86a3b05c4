-- The trading day that the account's newest figures belong to, and how much of it is sampled.
SELECT p.session_date,
       p.currency,
       (SELECT x.ts FROM portfolio_snapshots x
         WHERE x.account = p.account AND x.ts > opened.at AND x.session_date = p.session_date ORDER BY x.ts LIMIT 1) AS first_ts,
       (SELECT x.ts FROM portfolio_snapshots x
         WHERE x.account = p.account AND x.ts > opened.at AND x.session_date = p.session_date ORDER BY x.ts DESC LIMIT 1) AS last_ts
  FROM portfolio_latest p
 CROSS JOIN LATERAL (SELECT coalesce(max(m.closes), timestamptz '-infinity') AS at
                       FROM market_sessions m WHERE m.session_date < p.session_date) AS opened
 WHERE p.account = :account
