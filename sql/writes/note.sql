-- Only over the version that its writer read; no row comes back when another stands there.
INSERT INTO notes AS n (account, subject, key, note, tags, excluded, version, author)
VALUES (%(account)s, %(subject)s, %(key)s, %(note)s, %(tags)s, %(excluded)s, %(version)s + 1, %(author)s)
ON CONFLICT (account, subject, key) DO UPDATE
   SET note = excluded.note, tags = excluded.tags, excluded = excluded.excluded, version = excluded.version,
       author = excluded.author, updated_at = now()
 WHERE n.version = %(version)s
RETURNING n.note, n.tags, n.excluded, n.version, n.author, n.updated_at
