-- The executions of round trips that notes leave out of statistics, with their contracts. One that turned a position round is of the
-- round trip that it began.
SELECT e.key, r.con_id
  FROM trips_left_out l
  JOIN round_trips r USING (account, trip)
 CROSS JOIN LATERAL unnest(r.executions) AS e(key)
 WHERE l.account = %(account)s
   AND (e.key = r.trip OR NOT EXISTS (SELECT FROM round_trips x WHERE x.account = r.account AND x.trip = e.key))
