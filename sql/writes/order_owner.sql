-- The accounts that have an order of this permId or a fill of one, and whose it is so far.
SELECT x.account, a.strategy, a.how
  FROM (SELECT o.account FROM orders o WHERE o.perm_id = %(perm_id)s
        UNION
        SELECT e.account FROM executions e JOIN accounts USING (account) WHERE e.perm_id = %(perm_id)s) AS x
  LEFT JOIN LATERAL (SELECT t.strategy, t.how FROM attributions t WHERE t.account = x.account AND t.perm_id = %(perm_id)s
                      ORDER BY t.how = 'hand' DESC, t.id DESC LIMIT 1) AS a ON true
 WHERE cast(%(account)s AS text) IS NULL OR x.account = %(account)s
