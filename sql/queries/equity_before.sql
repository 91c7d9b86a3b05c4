-- The last known net liquidation within a span of a level: what the span after it begins with. Before the trading day :live_from
-- (null: ever) it is a statement's net asset value, of days.
SELECT cast(date_part('epoch', h.bucket) AS bigint) AS time, h.session_date, h.close
  FROM (SELECT p.bucket, p.session_date, p.net_liquidation_close AS close
          FROM portfolio_history p
         WHERE p.account = :account
           AND p.resolution = :resolution
           AND p.bucket >= :since AND p.bucket < :until
           AND p.net_liquidation_close IS NOT NULL
         UNION ALL
        SELECT cast(n.day AS timestamp) AT TIME ZONE 'UTC', n.day, cast(n.total AS double precision)
          FROM statement_nav n
          JOIN market_sessions m ON m.session_date = n.day
         WHERE :resolution = '1d' AND n.account = :account
           AND cast(n.day AS timestamp) AT TIME ZONE 'UTC' >= :since AND cast(n.day AS timestamp) AT TIME ZONE 'UTC' < :until
           AND n.day < coalesce(cast(:live_from AS date), 'infinity')) AS h
 ORDER BY h.bucket DESC, h.session_date DESC
 LIMIT 1
