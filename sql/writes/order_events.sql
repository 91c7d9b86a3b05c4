-- One event for each change of an order's status or fill; a replay adds none.
INSERT INTO order_events (account, perm_id, ts, status, filled, remaining)
SELECT n.account, n.perm_id, n.as_of, n.status, n.filled, n.remaining
  FROM json_populate_recordset(NULL::orders, %(rows)s) AS n
  LEFT JOIN LATERAL (
       SELECT true AS found, e.status, e.filled
         FROM order_events e
        WHERE e.account = n.account AND e.perm_id = n.perm_id AND e.ts < n.as_of
        ORDER BY e.ts DESC, e.id DESC
        LIMIT 1) AS before ON true
 WHERE (before.found IS NULL OR (before.status, before.filled) IS DISTINCT FROM (n.status, n.filled))
   AND NOT EXISTS (SELECT FROM order_events e
                    WHERE e.account = n.account AND e.perm_id = n.perm_id AND e.ts = n.as_of AND e.status = n.status
                      AND e.filled IS NOT DISTINCT FROM n.filled)
 ORDER BY n.as_of
