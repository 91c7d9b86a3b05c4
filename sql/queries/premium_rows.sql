-- The rows behind a sum of premium income: each sale of a short option with what of it counts from :from_day to :to_day, in one currency,
-- as premium_income counts it; with what they add up to.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
), sales AS (
    SELECT r.id, r.local_symbol, r.currency, s.opened, s.closed, s.premium, s.buy_back, s.fees, greatest(s.expiry, s.opened) AS expiry,
           greatest(s.opened, least(s.closed, s.expiry)) AS ends
      FROM round_trips_wanted(:account, cast(:wanted AS jsonb)) r
     CROSS JOIN LATERAL jsonb_to_recordset(r.sold)
           AS s(opened date, closed date, expiry date, premium numeric, buy_back numeric, fees numeric)
     WHERE r.trip NOT IN (SELECT g.trip FROM gone g)
), income AS (
    SELECT s.id, s.local_symbol, s.opened, s.closed, s.currency, CASE :view WHEN 'open' THEN s.opened ELSE s.closed END AS day,
           CASE :view WHEN 'accrued' THEN 0 ELSE s.premium END AS premium, s.buy_back, s.fees
      FROM sales s
     WHERE :view = 'open' OR s.closed IS NOT NULL
    UNION ALL
    SELECT s.id, s.local_symbol, s.opened, s.closed, s.currency, p.first, p.earned - p.before, 0, 0
      FROM sales s
     CROSS JOIN LATERAL generate_series(date_trunc(cast(:step AS text), cast(greatest(s.opened, cast(:from_day AS date)) AS timestamp)),
                                        cast(least(s.ends, cast(:to_day AS date)) AS timestamp),
                                        cast('1 ' || cast(:step AS text) AS interval)) AS bucket(at)
     CROSS JOIN LATERAL (
           SELECT greatest(cast(bucket.at AS date), s.opened, cast(:from_day AS date)) AS first,
                  least(cast(bucket.at + cast('1 ' || cast(:step AS text) AS interval) AS date) - 1, s.ends,
                        cast(:to_day AS date)) AS last) AS span
     CROSS JOIN LATERAL (
           SELECT span.first,
                  CASE WHEN span.last >= s.ends THEN s.premium
                       ELSE round(s.premium * (span.last - s.opened + 1) / (s.expiry - s.opened + 1), 12) END AS earned,
                  CASE WHEN span.first = s.opened THEN 0
                       ELSE round(s.premium * (span.first - s.opened) / (s.expiry - s.opened + 1), 12) END AS before) AS p
     WHERE :view = 'accrued' AND span.first <= span.last
), found AS MATERIALIZED (
    SELECT n.id, n.local_symbol, n.opened, n.closed, sum(n.premium) AS premium, sum(n.buy_back) AS buy_backs, sum(n.fees) AS fees
      FROM income n
     WHERE n.day BETWEEN cast(:from_day AS date) AND cast(:to_day AS date) AND n.currency = :currency
     GROUP BY 1, 2, 3, 4
    HAVING (sum(n.premium), sum(n.buy_back), sum(n.fees)) <> (0, 0, 0)
)
SELECT s.*, r.id, r.local_symbol, r.opened AS opened_on, r.closed AS closed_on, r.premium, r.buy_backs, r.fees
  FROM (SELECT count(*) AS rows, coalesce(sum(f.premium), 0) AS sum_premium, coalesce(sum(f.buy_backs), 0) AS sum_buy_backs,
               coalesce(sum(f.fees), 0) AS sum_fees
          FROM found f) AS s
  LEFT JOIN (SELECT f.* FROM found f ORDER BY f.opened DESC, f.id DESC, f.closed DESC LIMIT :limit) AS r ON true
 ORDER BY r.opened DESC, r.id DESC, r.closed DESC
