-- What is stored of an account: its currency, the first and the last instant, and since when the finer levels are whole.
SELECT coalesce(p.currency, a.base_currency) AS currency,
       (SELECT d.first_ts FROM portfolio_1d_parts d WHERE d.account = a.account ORDER BY d.bucket, d.session_date LIMIT 1) AS first_ts,
       (SELECT s.ts FROM portfolio_snapshots s WHERE s.account = a.account ORDER BY s.ts DESC LIMIT 1) AS last_raw,
       (SELECT d.last_ts FROM portfolio_1d_parts d WHERE d.account = a.account ORDER BY d.bucket DESC, d.session_date DESC LIMIT 1) AS last_rolled,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1m') AS minutes_from,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'portfolio' AND r.level = '1h') AS hours_from
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
 WHERE a.account = :account
