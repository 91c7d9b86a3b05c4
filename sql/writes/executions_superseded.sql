-- Of the reports of one fill the one with the highest revision counts. First the old ones step back …
UPDATE executions AS e
   SET effective = false, changed_revision = %(revision)s
 WHERE e.account = %(account)s AND e.base_exec_id = ANY (%(base_exec_ids)s) AND e.effective
   AND EXISTS (SELECT FROM executions n
                WHERE n.account = e.account AND n.base_exec_id = e.base_exec_id AND n.revision > e.revision)
