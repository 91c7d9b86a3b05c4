-- One event for each status and fill an order went through; a replay adds none.
INSERT INTO order_events (account, perm_id, ts, status, filled, remaining)
SELECT n.account, n.perm_id, n.as_of, n.status, n.filled, n.remaining
  FROM json_populate_recordset(NULL::orders, %(rows)s) AS n
 WHERE NOT EXISTS (SELECT FROM order_events e
                    WHERE e.account = n.account AND e.perm_id = n.perm_id AND e.status = n.status
                      AND e.filled IS NOT DISTINCT FROM n.filled)
