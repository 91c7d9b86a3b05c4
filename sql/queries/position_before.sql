-- The last known market price of a position within a span of a level: what the span after it begins with.
SELECT cast(date_part('epoch', h.bucket) AS bigint) AS time, h.session_date, h.market_price_close AS close
  FROM position_history h
 WHERE h.account = :account
   AND h.con_id = :con_id
   AND h.resolution = :resolution
   AND h.bucket >= :since AND h.bucket < :until
   AND h.market_price_close IS NOT NULL
 ORDER BY h.bucket DESC, h.session_date DESC
 LIMIT 1
