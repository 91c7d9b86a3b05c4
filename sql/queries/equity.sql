-- Net liquidation of one trading day: the last known value of each bucket of :seconds.
SELECT cast(extract(epoch FROM x.ts) AS bigint) AS time, x.net_liquidation AS value
  FROM portfolio_snapshots x
  JOIN (SELECT max(s.ts) AS ts
          FROM portfolio_snapshots s
         WHERE s.account = :account
           AND s.ts BETWEEN :first_ts AND :last_ts
           AND s.session_date = :session_date
           AND s.net_liquidation IS NOT NULL
         GROUP BY date_bin(make_interval(secs => :seconds), s.ts, timestamptz '2000-01-01 00:00:00Z')) AS last USING (ts)
 WHERE x.account = :account
 ORDER BY x.ts
