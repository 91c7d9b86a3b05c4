INSERT INTO user_sessions (secret_hash, user_id, origin, browser)
VALUES (%(hash)s, %(user)s, %(origin)s, %(browser)s) RETURNING id
