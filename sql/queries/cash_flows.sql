-- Deposits and withdrawals of a span, oldest first.
SELECT cast(date_part('epoch', f.ts) AS bigint) AS time, f.kind, f.amount, f.currency, f.base_amount, f.description
  FROM cash_flows f
 WHERE f.account = :account
   AND f.ts >= :since AND f.ts < :until
   AND f.kind IN ('deposit', 'withdrawal')
 ORDER BY f.ts, f.flow_id
