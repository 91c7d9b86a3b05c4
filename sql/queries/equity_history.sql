-- Net liquidation of a span in steps of :step_s seconds, or of :step_days trading days where the level is days. A step never
-- joins two trading days below that. Outside a session only steps in which something changed are kept.
-- Before the trading day :live_from (null: ever) statements' net asset values are the days; they have no finer level.
WITH blocks AS (
    SELECT m.session_date, (row_number() OVER (ORDER BY m.session_date) - 1 + :skip_days) / :step_days AS block
      FROM market_sessions m
     WHERE m.session_date BETWEEN :first_day AND :last_day
), steps AS (
    SELECT min(h.bucket) AS start,
           max(h.bucket) AS finish,
           min(h.first_ts) AS first_ts,
           min(h.session_date) AS first_day,
           max(h.session_date) AS session_date,
           -- The least and the greatest array are those of the first and the last instant with a known value.
           (min(ARRAY[date_part('epoch', h.bucket), h.net_liquidation_open]) FILTER (WHERE h.net_liquidation_open IS NOT NULL))[2] AS open,
           max(h.net_liquidation_high) AS high,
           min(h.net_liquidation_low) AS low,
           (max(ARRAY[date_part('epoch', h.bucket), h.net_liquidation_close]) FILTER (WHERE h.net_liquidation_close IS NOT NULL))[2] AS close
      FROM (SELECT p.bucket, p.session_date, p.first_ts, p.net_liquidation_open, p.net_liquidation_high, p.net_liquidation_low,
                   p.net_liquidation_close
              FROM portfolio_history p
             WHERE p.account = :account
               AND p.resolution = :resolution
               AND p.bucket >= :since AND p.bucket < :until
               AND p.session_date BETWEEN :first_day AND :last_day
             UNION ALL
            SELECT cast(n.day AS timestamp) AT TIME ZONE 'UTC', n.day, cast(n.day AS timestamp) AT TIME ZONE 'UTC', n.total, n.total,
                   n.total, n.total
              FROM (SELECT s.day, cast(s.total AS double precision) AS total
                      FROM statement_nav s
                      JOIN market_sessions m ON m.session_date = s.day
                     WHERE :resolution = '1d' AND s.account = :account
                       AND s.day BETWEEN :first_day AND :last_day
                       AND s.day < coalesce(cast(:live_from AS date), 'infinity')) AS n) AS h
      LEFT JOIN blocks b ON :step_days > 1 AND b.session_date = h.session_date
     GROUP BY coalesce(b.block, h.session_date - date '2000-01-01'),
              CASE WHEN :step_s < 86400 THEN date_bin(make_interval(secs => :step_s), h.bucket, timestamptz '2000-01-01 00:00:00Z') END
), known AS (
    SELECT s.*, lag(s.start) OVER w AS start_before, lag(s.close) OVER w AS close_before
      FROM steps s
    WINDOW w AS (ORDER BY s.start, s.session_date)
)
SELECT cast(date_part('epoch', CASE WHEN :step_s >= 86400 THEN cast(k.first_day AS timestamp) AT TIME ZONE 'UTC'
                                    WHEN k.start = k.start_before THEN k.first_ts
                                    ELSE k.start END) AS bigint) AS time,
       k.session_date, k.open, k.high, k.low, k.close
  FROM known k
  LEFT JOIN market_sessions m USING (session_date)
 WHERE :step_s >= 86400
    OR coalesce(k.finish >= m.opens, true)
    OR ROW(k.open, k.high, k.low, k.close) IS DISTINCT FROM ROW(k.close_before, k.close_before, k.close_before, k.close_before)
 ORDER BY time
