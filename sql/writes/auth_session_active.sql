UPDATE user_sessions SET active_at = now() WHERE id = %(id)s AND ended_at IS NULL
