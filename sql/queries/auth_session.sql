-- A session that stands, by its secret's hash.
SELECT s.id, s.user_id, s.created_at, s.active_at, u.username, u.role
  FROM user_sessions s JOIN users u ON u.id = s.user_id
 WHERE s.secret_hash = :hash AND s.ended_at IS NULL AND u.active
