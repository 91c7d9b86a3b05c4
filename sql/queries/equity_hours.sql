-- In how many hours of a span anything of an account is stored, and in how many something changed: what reading its minutes would
-- cost, and how many buckets there would be.
SELECT count(*) AS hours, count(*) FILTER (WHERE h.net_liquidation_high > h.net_liquidation_low) AS busy
  FROM portfolio_history h
 WHERE h.account = :account
   AND h.resolution = '1h'
   AND h.bucket >= :since AND h.bucket < :until
