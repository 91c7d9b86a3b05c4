INSERT INTO preferences (user_id, page, value)
VALUES (%(reader)s, %(page)s, %(value)s)
ON CONFLICT (user_id, page) DO UPDATE SET value = excluded.value, updated_at = now()
RETURNING updated_at
