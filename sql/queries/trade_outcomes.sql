-- What is closed, one row each: by :unit 'contract' an option's round trip, by 'chain' a roll chain, by 'cycle' a wheel cycle. What a
-- filter has is judged by the round trip that began it. Net is null where it began before anything is known, or has fees in
-- another currency. Left out: what a note leaves out, by chain and cycle with all that belongs to it.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
), counted AS (
    SELECT CASE :unit WHEN 'contract' THEN r.trip WHEN 'chain' THEN r.chain ELSE r.cycle END AS began,
           max(r.closed_on) AS closed_on, max(r.closed) AS closed,
           CASE WHEN bool_and(r.net IS NOT NULL) THEN sum(r.net) END AS net
      FROM round_trips r
     WHERE r.account = :account
       AND CASE :unit WHEN 'cycle' THEN r.cycle IS NOT NULL ELSE r.chain IS NOT NULL END
     GROUP BY 1
    HAVING bool_and(r.closed IS NOT NULL) AND NOT bool_or(r.trip IN (SELECT g.trip FROM gone g))
)
SELECT (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at,
       f.trip, f.symbol, f.currency, f.strategy, f.opened_on, f.dte, c.closed_on, c.net
  FROM (SELECT 1) AS always
  LEFT JOIN (counted c JOIN round_trips_wanted(:account, cast(:wanted AS jsonb)) f ON f.trip = c.began) ON true
 ORDER BY c.closed, f.trip
