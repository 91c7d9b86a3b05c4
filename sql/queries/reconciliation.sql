-- The statements of an account, newest period first, each with how it agrees.
SELECT s.id, s.first_day, s.last_day, s.base_currency, s.query, s.file_name, s.generated_at, s.imported_at, s.result,
       r.made_at, r.open_breaks, r.report
  FROM statements s
  LEFT JOIN reconciliations r ON r.statement = s.id
 WHERE s.account = :account
 ORDER BY s.last_day DESC, s.first_day DESC, s.generated_at DESC
