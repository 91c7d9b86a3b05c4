INSERT INTO api_tokens (name, secret_hash, scope, user_id, expires_at)
VALUES (%(name)s, %(hash)s, %(scope)s, %(user)s, now() + %(days)s * interval '1 day') RETURNING id, expires_at
