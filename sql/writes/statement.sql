-- A statement; what it brought is told when all of it is in.
INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name, query, sections, nav_change,
    result)
VALUES (%(account)s, %(base_currency)s, %(first_day)s, %(last_day)s, %(generated)s, %(content_hash)s, %(file)s, %(query)s, %(sections)s,
    %(nav_change)s, '{}')
RETURNING id
