-- Sums of cash flows by currency and kind, with the filters of a page. The base amount is null where one has no rate.
SELECT f.currency, f.kind, count(*) AS rows, sum(f.amount) AS amount,
       CASE WHEN count(*) = count(f.base_amount) THEN sum(f.base_amount) END AS base_amount
  FROM cash_flows f
 WHERE f.account = :account
   AND (cast(:kind AS text) IS NULL OR f.kind = :kind)
   AND (cast(:currency AS text) IS NULL OR f.currency = :currency)
   AND (cast(:symbol AS text) IS NULL OR f.symbol = :symbol)
   AND (cast(:from_day AS date) IS NULL OR f.session_date >= :from_day)
   AND (cast(:to_day AS date) IS NULL OR f.session_date <= :to_day)
 GROUP BY f.currency, f.kind
 ORDER BY f.currency, f.kind
