-- The last known net liquidation within a span of a level: what the span after it begins with.
SELECT cast(date_part('epoch', h.bucket) AS bigint) AS time, h.session_date, h.net_liquidation_close AS close
  FROM portfolio_history h
 WHERE h.account = :account
   AND h.resolution = :resolution
   AND h.bucket >= :since AND h.bucket < :until
   AND h.net_liquidation_close IS NOT NULL
 ORDER BY h.bucket DESC, h.session_date DESC
 LIMIT 1
