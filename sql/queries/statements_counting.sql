-- Statements that still count: those whose days another one says anew, and later, have nothing of their own any more.
SELECT s.*
  FROM statements s
 WHERE s.account = %(account)s
   AND NOT EXISTS (SELECT FROM statements n
                    WHERE n.account = s.account AND n.first_day <= s.first_day AND n.last_day >= s.last_day
                      AND (n.generated_at, n.id) > (s.generated_at, s.id))
 ORDER BY s.last_day DESC, s.id
