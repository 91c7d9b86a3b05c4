-- In how many hours of a span anything of a position is stored, and in how many something changed: what reading its minutes would
-- cost, and how many buckets there would be.
SELECT count(*) AS hours, count(*) FILTER (WHERE h.market_price_high > h.market_price_low) AS busy
  FROM position_history h
 WHERE h.account = :account
   AND h.con_id = :con_id
   AND h.resolution = '1h'
   AND h.bucket >= :since AND h.bucket < :until
