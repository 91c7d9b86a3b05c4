-- The first and the last instant of which anything is stored of an account.
SELECT (SELECT d.first_ts FROM portfolio_1d_parts d WHERE d.account = :account ORDER BY d.bucket, d.session_date LIMIT 1) AS first_ts,
       (SELECT d.last_ts FROM portfolio_1d_parts d WHERE d.account = :account ORDER BY d.bucket DESC, d.session_date DESC LIMIT 1) AS last_ts
