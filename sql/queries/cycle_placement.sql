-- A round trip by its number, as somebody who places it in a cycle needs it: what was said of it (perhaps of another execution of it:
-- one that came late may have given it another beginning), and whether the cycle :cycle is one of its underlying.
SELECT t.account, coalesce(p.key, t.trip) AS key, t.cycle, p.key IS NOT NULL AS by_hand, c.symbol,
       EXISTS (SELECT FROM wheel_cycles w
                WHERE w.account = t.account AND w.cycle = cast(:cycle AS text) AND w.symbol = c.symbol AND w.currency = c.currency) AS is_there
  FROM round_trips t
  JOIN contracts c USING (con_id)
  LEFT JOIN LATERAL (SELECT p.key FROM cycle_placements p
                      WHERE p.account = t.account AND p.key = ANY (t.executions) ORDER BY p.placed_at DESC LIMIT 1) AS p ON true
 WHERE t.id = :id
