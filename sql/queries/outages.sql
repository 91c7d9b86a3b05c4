-- Spans without proven data that touch the time from :since on, oldest first.
SELECT kind, started, ended, reason
  FROM outages
 WHERE account = :account AND coalesce(ended, 'infinity') > :since
 ORDER BY started, kind
