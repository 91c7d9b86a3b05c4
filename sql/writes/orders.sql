INSERT INTO orders AS o
SELECT * FROM json_populate_recordset(NULL::orders, %(rows)s) ORDER BY account, perm_id
ON CONFLICT (account, perm_id) DO UPDATE
   SET as_of = excluded.as_of,
       con_id = coalesce(excluded.con_id, o.con_id),
       action = excluded.action,
       order_type = excluded.order_type,
       quantity = excluded.quantity,
       limit_price = excluded.limit_price,
       stop_price = excluded.stop_price,
       tif = excluded.tif,
       order_id = coalesce(excluded.order_id, o.order_id),
       client_id = coalesce(excluded.client_id, o.client_id),
       order_ref = coalesce(excluded.order_ref, o.order_ref),
       status = excluded.status,
       filled = excluded.filled,
       remaining = excluded.remaining,
       avg_fill_price = excluded.avg_fill_price
 WHERE (excluded.as_of >= o.as_of OR o.as_of > now() + interval '1 minute') -- written before the clock was set back
