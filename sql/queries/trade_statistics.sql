-- What is closed, summed up by currency: in all ('total') and by symbol, strategy, days to expiry and weekday of the opening. By :unit
-- 'contract' an option's round trip counts, by 'chain' a roll chain, by 'cycle' a wheel cycle. What a filter has is judged by the round
-- trip that began it. Unknown is what began before anything is known, or has fees in another currency: it is in no other figure. What a
-- note leaves out isn't either, by chain and cycle with all that belongs to it: `left_out` counts it.
WITH gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
), counted AS (
    SELECT CASE :unit WHEN 'contract' THEN r.trip WHEN 'chain' THEN r.chain ELSE r.cycle END AS began,
           CASE WHEN bool_and(r.net IS NOT NULL) THEN sum(r.net) END AS net,
           bool_or(r.trip IN (SELECT g.trip FROM gone g)) AS is_left_out
      FROM round_trips r
     WHERE r.account = :account
       AND CASE :unit WHEN 'cycle' THEN r.cycle IS NOT NULL ELSE r.chain IS NOT NULL END
     GROUP BY 1
    HAVING bool_and(r.closed IS NOT NULL)
), outcomes AS MATERIALIZED (
    SELECT f.currency, f.symbol, coalesce(f.strategy, 'none') AS strategy, to_char(f.opened_on, 'FMDay') AS weekday,
           extract(isodow FROM f.opened_on)::integer AS day,
           CASE WHEN f.dte IS NULL THEN 'no expiry' WHEN f.dte <= 0 THEN '0' WHEN f.dte <= 7 THEN '1–7' WHEN f.dte <= 21 THEN '8–21'
                WHEN f.dte <= 45 THEN '22–45' WHEN f.dte <= 90 THEN '46–90' ELSE 'over 90' END AS dte_bucket,
           coalesce(f.dte, -100000) AS dte, c.net, c.is_left_out
      FROM counted c
      JOIN round_trips_wanted(:account, cast(:wanted AS jsonb)) f ON f.trip = c.began
), figures AS (
    SELECT CASE grouping(o.symbol, o.strategy, o.dte_bucket, o.weekday)
           WHEN 15 THEN 'total' WHEN 7 THEN 'by_symbol' WHEN 11 THEN 'by_strategy' WHEN 13 THEN 'by_dte' ELSE 'by_weekday' END AS part,
           o.currency, coalesce(o.symbol, o.strategy, o.dte_bucket, o.weekday, 'all') AS name,
           -- Days are in their own order, everything else in that of letters.
           CASE grouping(o.symbol, o.strategy, o.dte_bucket, o.weekday) WHEN 13 THEN min(o.dte) WHEN 14 THEN min(o.day) END AS place,
           count(o.net) AS count, count(*) FILTER (WHERE o.net > 0) AS wins, count(*) FILTER (WHERE o.net < 0) AS losses,
           count(*) - count(o.net) AS unknown,
           coalesce(sum(o.net) FILTER (WHERE o.net > 0), 0) AS won, coalesce(sum(o.net) FILTER (WHERE o.net < 0), 0) AS lost
      FROM outcomes o
     WHERE NOT o.is_left_out
     GROUP BY GROUPING SETS ((o.currency), (o.currency, o.symbol), (o.currency, o.strategy), (o.currency, o.dte_bucket),
                             (o.currency, o.weekday))
)
SELECT (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at,
       (SELECT count(*) FROM outcomes o WHERE o.is_left_out) AS left_out, f.*
  FROM (SELECT 1) AS always
  LEFT JOIN figures f ON true
 ORDER BY f.part, f.currency COLLATE "C", f.place, f.name COLLATE "C"
