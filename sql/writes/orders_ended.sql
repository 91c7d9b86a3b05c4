-- Orders that worked when they were last heard of and are in the broker's list no more: how they ended their fills say.
-- What was told of an order after the list was asked for counts.
WITH gone AS (
    SELECT o.account, o.perm_id, o.quantity, o.sec_type
      FROM orders o
     WHERE o.account = %(account)s AND o.as_of < %(asked_at)s AND NOT o.perm_id = ANY (%(perm_ids)s::bigint[])
       AND o.status NOT IN ('Filled', 'Cancelled', 'ApiCancelled', 'Inactive', 'Unknown')
     ORDER BY o.account, o.perm_id
       FOR UPDATE
), ended AS (
    UPDATE orders o
       SET as_of = %(asked_at)s,
           status = CASE WHEN f.quantity >= g.quantity THEN 'Filled' ELSE 'Unknown' END
      FROM gone g
      LEFT JOIN LATERAL (SELECT sum(e.quantity) AS quantity FROM executions e
                          WHERE e.account = g.account AND e.perm_id = g.perm_id AND e.effective
                            AND e.kind = CASE g.sec_type WHEN 'BAG' THEN 'combo' ELSE 'trade' END) f ON true
     WHERE o.account = g.account AND o.perm_id = g.perm_id
    RETURNING o.account, o.perm_id, o.as_of, o.status, o.filled, o.remaining
)
INSERT INTO order_events (account, perm_id, ts, status, filled, remaining)
SELECT account, perm_id, as_of, status, filled, remaining FROM ended
