UPDATE orders AS o
   SET strategy = n.strategy
  FROM json_to_recordset(%(rows)s) AS n (perm_id bigint, strategy text)
 WHERE o.account = %(account)s AND o.perm_id = n.perm_id AND o.strategy IS DISTINCT FROM n.strategy
