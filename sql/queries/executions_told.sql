-- Whether a statement may have one of these executions.
SELECT EXISTS (SELECT FROM statement_trades t
                WHERE t.account = %(account)s
                  AND (t.base_exec_id = ANY (%(bases)s)
                       OR (t.con_id = ANY (%(con_ids)s) AND t.session_date = ANY (%(days)s::date[]) AND t.exec_id IS NULL))) AS is_told
