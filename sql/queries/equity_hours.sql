-- In how many hours of a span anything of an account is stored: what reading its minutes would cost.
SELECT count(*) AS hours
  FROM portfolio_history h
 WHERE h.account = :account
   AND h.resolution = '1h'
   AND h.bucket >= :since AND h.bucket < :until
