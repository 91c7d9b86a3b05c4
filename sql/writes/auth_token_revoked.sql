-- One token by its number or name; with a user only theirs.
UPDATE api_tokens SET revoked_at = now()
 WHERE revoked_at IS NULL AND (id = %(id)s OR lower(name) = lower(%(name)s)) AND (%(user)s::bigint IS NULL OR user_id = %(user)s)
RETURNING id, name
