-- One session, or every session of a user but for one.
UPDATE user_sessions SET ended_at = now(), ended_why = %(why)s
 WHERE ended_at IS NULL AND (id = %(id)s OR user_id = %(user)s) AND id IS DISTINCT FROM %(but)s
RETURNING id
