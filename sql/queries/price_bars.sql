-- The broker's bars of an instrument in steps of :step_s seconds, or of :step_days trading days. A step never joins two trading
-- days below that. Oldest first.
WITH days AS (
    SELECT m.session_date, (row_number() OVER (ORDER BY m.session_date) - 1 + :skip_days) / :step_days AS block
      FROM market_sessions m
     WHERE m.session_date BETWEEN :first_day AND :last_day
)
SELECT cast(date_part('epoch', CASE WHEN :step_s >= 86400 THEN cast(min(b.session_date) AS timestamp) AT TIME ZONE 'UTC'
                                    ELSE min(b.ts) END) AS bigint) AS time,
       (min(ARRAY[date_part('epoch', b.ts), b.open]))[2] AS open,
       max(b.high) AS high,
       min(b.low) AS low,
       (max(ARRAY[date_part('epoch', b.ts), b.close]))[2] AS close,
       sum(b.volume) AS volume
  FROM price_bars b
  JOIN days d USING (session_date)
 WHERE b.con_id = :con_id
   AND b.what = :what
   AND b.resolution = :resolution
   AND b.ts >= :since AND b.ts < :until
 GROUP BY d.block,
          CASE WHEN :step_s < 86400 THEN date_bin(make_interval(secs => :step_s), b.ts, timestamptz '2000-01-01 00:00:00Z') END
 ORDER BY time
