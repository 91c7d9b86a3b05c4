-- The rows behind a figure of the trades' statistics: what is closed and counts, one row each, as the query of the statistics counts it,
-- of one currency and of the part :part ('all', 'symbol', 'strategy', 'dte', 'weekday') that is called :line; with what they add up to.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
), counted AS (
    SELECT CASE :unit WHEN 'contract' THEN r.trip WHEN 'chain' THEN r.chain ELSE r.cycle END AS began,
           max(r.closed_on) AS closed_on, max(r.closed) AS closed, count(*) AS trips,
           CASE WHEN bool_and(r.net IS NOT NULL) THEN sum(r.net) END AS net
      FROM round_trips r
     WHERE r.account = :account
       AND CASE :unit WHEN 'cycle' THEN r.cycle IS NOT NULL ELSE r.chain IS NOT NULL END
     GROUP BY 1
    HAVING bool_and(r.closed IS NOT NULL) AND NOT bool_or(r.trip IN (SELECT g.trip FROM gone g))
), found AS MATERIALIZED (
    SELECT f.id, f.trip, f.local_symbol, f.strategy, f.opened_on, c.closed, c.closed_on, c.trips, c.net
      FROM counted c
      JOIN round_trips_wanted(:account, cast(:wanted AS jsonb)) f ON f.trip = c.began
     WHERE f.currency = :currency
       AND CASE cast(:part AS text)
           WHEN 'symbol' THEN f.symbol = :line
           WHEN 'strategy' THEN coalesce(f.strategy, 'none') = :line
           WHEN 'weekday' THEN to_char(f.opened_on, 'FMDay') = :line
           WHEN 'dte' THEN CASE WHEN f.dte IS NULL THEN 'no expiry' WHEN f.dte <= 0 THEN '0' WHEN f.dte <= 7 THEN '1–7'
                                WHEN f.dte <= 21 THEN '8–21' WHEN f.dte <= 45 THEN '22–45' WHEN f.dte <= 90 THEN '46–90'
                                ELSE 'over 90' END = :line
           ELSE true END
)
SELECT s.*, r.id, r.local_symbol, r.strategy, r.opened_on, r.closed_on, r.trips, r.net
  FROM (SELECT count(*) AS rows, coalesce(sum(f.net), 0) AS sum, count(*) FILTER (WHERE f.net > 0) AS wins, count(f.net) AS known
          FROM found f) AS s
  LEFT JOIN (SELECT f.* FROM found f ORDER BY f.closed DESC, f.id DESC LIMIT :limit) AS r ON true
 ORDER BY r.closed DESC, r.id DESC
