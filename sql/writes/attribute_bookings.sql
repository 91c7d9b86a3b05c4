UPDATE executions AS e
   SET strategy = n.strategy, changed_revision = %(revision)s
  FROM json_to_recordset(%(rows)s) AS n (id bigint, strategy text)
 WHERE e.account = %(account)s AND e.id = n.id AND e.strategy IS DISTINCT FROM n.strategy
