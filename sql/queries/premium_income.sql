-- Premium income of short options by month, or by day where :step is 'day', before fees: :view 'open' on the day of the sale, 'close' on
-- the day of the end, 'accrued' in a straight line over the calendar days from the sale to the expiry, both included, and the rest on
-- the day of an earlier end. Buy-backs are negative; by open date they count on the day of the sale that they close. Left out: round
-- trips outside of a filter (which doesn't look at their days: :from_day and :to_day are those of the income), and what notes leave out.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
), sales AS (
    SELECT r.currency, s.opened, s.closed, s.premium, s.buy_back, s.fees, greatest(s.expiry, s.opened) AS expiry,
           greatest(s.opened, least(s.closed, s.expiry)) AS ends
      FROM round_trips_wanted(:account, cast(:wanted AS jsonb)) r
     CROSS JOIN LATERAL jsonb_to_recordset(r.sold)
           AS s(opened date, closed date, expiry date, premium numeric, buy_back numeric, fees numeric)
     WHERE r.trip NOT IN (SELECT g.trip FROM gone g)
), income AS (
    SELECT s.currency, CASE :view WHEN 'open' THEN s.opened ELSE s.closed END AS day,
           CASE :view WHEN 'accrued' THEN 0 ELSE s.premium END AS premium, s.buy_back, s.fees
      FROM sales s
     WHERE :view = 'open' OR s.closed IS NOT NULL
    UNION ALL
    SELECT s.currency, p.first, p.earned - p.before, 0, 0
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
)
SELECT (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at, i.*
  FROM (SELECT 1) AS always
  LEFT JOIN (SELECT cast(date_trunc(cast(:step AS text), cast(n.day AS timestamp)) AS date) AS day, n.currency, sum(n.premium) AS premium,
                    sum(n.buy_back) AS buy_backs, sum(n.fees) AS fees
               FROM income n
              WHERE n.day BETWEEN cast(:from_day AS date) AND cast(:to_day AS date)
              GROUP BY 1, 2) AS i ON true
 ORDER BY i.day, i.currency
