-- Those that nobody used for too long, or that are too old; and what ended long ago is forgotten.
WITH forgotten AS (DELETE FROM user_sessions WHERE ended_at < now() - interval '90 days')
UPDATE user_sessions s SET ended_at = now(), ended_why = 'time-out'
  FROM users u
 WHERE s.ended_at IS NULL AND u.id = s.user_id
   AND (s.active_at < now() - %(idle_s)s * interval '1 second' OR s.created_at < now() - %(longest_s)s * interval '1 second')
RETURNING s.id, u.username, s.origin
