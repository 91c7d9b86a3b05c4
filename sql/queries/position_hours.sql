-- In how many hours of a span anything of a position is stored: what reading its minutes would cost.
SELECT count(*) AS hours
  FROM position_history h
 WHERE h.account = :account
   AND h.con_id = :con_id
   AND h.resolution = '1h'
   AND h.bucket >= :since AND h.bucket < :until
