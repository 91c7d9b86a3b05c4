-- The stored closes of a stock or fund from :from_day to :to_day, both included, oldest first.
SELECT b.session_date, b.close
  FROM price_bars b
  JOIN contracts c USING (con_id)
 WHERE b.what = 'trades' AND b.resolution = '1d' AND c.sec_type = 'STK'
   AND c.symbol = cast(:symbol AS text) AND c.currency = cast(:currency AS text)
   AND b.session_date BETWEEN cast(:from_day AS date) AND cast(:to_day AS date)
 ORDER BY b.session_date
