-- Money of the days of a statement that it doesn't have any more, where no later statement of these days says so.
DELETE FROM cash_flows f
 WHERE f.account = %(account)s AND f.source = 'statement' AND f.flow_id LIKE %(like)s
   AND f.session_date BETWEEN %(first_day)s AND %(last_day)s AND NOT f.flow_id = ANY (%(kept)s)
   AND NOT EXISTS (SELECT FROM statements n
                    WHERE n.account = f.account AND f.session_date BETWEEN n.first_day AND n.last_day AND n.sections ? %(section)s
                      AND (n.generated_at, n.content_hash) > (%(generated)s, %(content_hash)s))
