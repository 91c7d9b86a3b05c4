INSERT INTO attributions (account, perm_id, strategy, how)
SELECT %(account)s, n.perm_id, n.strategy, n.how
  FROM json_to_recordset(%(rows)s) AS n (perm_id bigint, strategy text, how text)
