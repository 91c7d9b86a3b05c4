-- Fills whose closed lots are a statement's: the book matches them anew.
UPDATE executions e
   SET changed_revision = %(revision)s
  FROM statement_trades t
 WHERE t.account = %(account)s AND t.statement = %(statement)s AND e.account = t.account AND e.base_exec_id = t.base_exec_id AND e.effective
   AND e.changed_revision < %(revision)s
   AND EXISTS (SELECT FROM statement_lots l WHERE l.account = t.account AND l.trade = t.trade)
