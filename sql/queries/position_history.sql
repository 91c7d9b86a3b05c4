-- A position's market price and unrealised P&L of a span in steps of :step_s seconds, or of :step_days trading days where the level is days. A step never
-- joins two trading days below that. Outside a session only steps in which something changed are kept.
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
           (min(ARRAY[date_part('epoch', h.bucket), h.market_price_open]) FILTER (WHERE h.market_price_open IS NOT NULL))[2] AS open,
           max(h.market_price_high) AS high,
           min(h.market_price_low) AS low,
           (max(ARRAY[date_part('epoch', h.bucket), h.market_price_close]) FILTER (WHERE h.market_price_close IS NOT NULL))[2] AS close,
           (max(ARRAY[date_part('epoch', h.bucket), h.unrealized_pnl_close]) FILTER (WHERE h.unrealized_pnl_close IS NOT NULL))[2] AS unrealized_pnl
      FROM position_history h
      LEFT JOIN blocks b ON :step_days > 1 AND b.session_date = h.session_date
     WHERE h.account = :account
       AND h.con_id = :con_id
       AND h.resolution = :resolution
       AND h.bucket >= :since AND h.bucket < :until
       AND h.session_date BETWEEN :first_day AND :last_day
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
       k.session_date, k.open, k.high, k.low, k.close, k.unrealized_pnl
  FROM known k
  LEFT JOIN market_sessions m USING (session_date)
 WHERE :step_s >= 86400
    OR coalesce(k.finish >= m.opens, true)
    OR ROW(k.open, k.high, k.low, k.close) IS DISTINCT FROM ROW(k.close_before, k.close_before, k.close_before, k.close_before)
 ORDER BY time
