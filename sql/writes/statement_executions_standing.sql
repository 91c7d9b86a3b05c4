-- Of the reports of an execution the newest stands that the API made or that a statement still has. … then it steps up.
WITH said AS (
    SELECT t.base_exec_id, bool_and(t.trade IN (SELECT k.trade FROM cancelled_trades k WHERE k.account = %(account)s)) AS is_over
      FROM statement_trades t
     WHERE t.account = %(account)s AND t.base_exec_id = ANY (%(bases)s) AND t.cancels IS NULL AND NOT t.is_conversion
     GROUP BY t.base_exec_id
), standing AS (
    SELECT DISTINCT ON (e.base_exec_id) e.id
      FROM executions e
      LEFT JOIN said s USING (base_exec_id)
     WHERE e.account = %(account)s AND e.base_exec_id = ANY (%(bases)s)
       AND (e.source = 'api' OR (s.base_exec_id IS NOT NULL AND (e.revision < 1000 OR s.is_over)))
     ORDER BY e.base_exec_id, e.revision DESC
)
UPDATE executions e
   SET effective = true, changed_revision = %(revision)s
  FROM standing s
 WHERE e.id = s.id AND NOT e.effective
