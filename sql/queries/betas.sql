-- How instruments of :symbols moved with the benchmark: the slope of their daily returns on its own, over its last :sessions
-- closes, of days that both have with the same close before; and the benchmark's newest price. Closes are the broker's, without
-- dividends. Numbers rounded, so that the order of summing doesn't show.
WITH benchmark AS (
    SELECT c.con_id, c.symbol, c.currency
      FROM contracts c
      JOIN bar_coverage v ON v.con_id = c.con_id AND v.what = 'trades' AND v.resolution = '1d'
     WHERE c.symbol = :benchmark AND c.currency = 'USD' AND c.sec_type IN ('STK', 'IND')
     ORDER BY v.last_ts DESC NULLS LAST, c.con_id
     LIMIT 1
), closes AS (
    SELECT c.symbol, c.currency, b.con_id, b.session_date, b.close,
           lag(b.close) OVER before AS close_before,
           lag(b.session_date) OVER before AS day_before
      FROM price_bars b
      JOIN contracts c USING (con_id)
     WHERE b.what = 'trades' AND b.resolution = '1d' AND c.sec_type IN ('STK', 'IND') AND b.close > 0
       AND (c.symbol = ANY (cast(:symbols AS text[])) OR c.con_id = (SELECT con_id FROM benchmark))
    WINDOW before AS (PARTITION BY b.con_id ORDER BY b.session_date)
), ours AS (
    SELECT session_date, day_before, close / close_before - 1 AS earned
      FROM closes
     WHERE con_id = (SELECT con_id FROM benchmark) AND close_before IS NOT NULL
     ORDER BY session_date DESC
     LIMIT :sessions
), newest AS (
    SELECT b.close, b.ts
      FROM price_bars b
     WHERE b.con_id = (SELECT con_id FROM benchmark) AND b.what = 'trades'
     ORDER BY b.session_date DESC, b.ts DESC
     LIMIT 1
)
SELECT DISTINCT ON (c.symbol, c.currency)
       c.symbol,
       c.currency,
       count(*) FILTER (WHERE o.session_date IS NOT NULL) AS returns,
       min(o.session_date) AS first_day,
       max(o.session_date) AS last_day,
       cast(round(cast(regr_slope(c.close / c.close_before - 1, o.earned) AS numeric), 6) AS double precision) AS beta,
       (SELECT n.close FROM newest n) AS benchmark_price,
       (SELECT n.ts FROM newest n) AS benchmark_as_of
  FROM closes c
  LEFT JOIN ours o ON o.session_date = c.session_date AND o.day_before = c.day_before
 GROUP BY c.symbol, c.currency, c.con_id
 ORDER BY c.symbol, c.currency, returns DESC, c.con_id
