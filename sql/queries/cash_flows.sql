-- Deposits and withdrawals of a span, oldest first, with those that are only suspected: of these the amount is in the base currency.
SELECT cast(date_part('epoch', f.ts) AS bigint) AS time, f.kind, f.amount, f.currency, f.base_amount, f.description, f.suspected
  FROM (SELECT c.ts, c.flow_id, c.kind, c.amount, c.currency, c.base_amount, c.description, false AS suspected
          FROM cash_flows c
         WHERE c.account = :account AND c.kind IN ('deposit', 'withdrawal')
         UNION ALL
        SELECT o.ts, '', CASE WHEN o.amount > 0 THEN 'deposit' ELSE 'withdrawal' END, o.amount, a.base_currency, o.amount, NULL, true
          FROM open_transfers o
          JOIN accounts a USING (account)
         WHERE o.account = :account) AS f
 WHERE f.ts >= :since AND f.ts < :until
 ORDER BY f.ts, f.flow_id
