-- … then the newest steps up.
UPDATE executions AS e
   SET effective = true
 WHERE e.account = %(account)s AND e.base_exec_id = ANY (%(base_exec_ids)s) AND NOT e.effective
   AND NOT EXISTS (SELECT FROM executions n
                    WHERE n.account = e.account AND n.base_exec_id = e.base_exec_id AND n.revision > e.revision)
