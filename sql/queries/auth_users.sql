-- Every user with whether they are locked out and how many sessions stand.
SELECT u.id, u.username, u.role, u.active, u.tf_totp_secret IS NOT NULL AS has_code, u.created_at,
       (SELECT max(s.created_at) FROM user_sessions s WHERE s.user_id = u.id) AS last_login_at,
       (SELECT count(*) FROM user_sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL) AS sessions,
       EXISTS (SELECT FROM login_attempts a WHERE a.subject IN ('user ' || lower(u.username), 'code ' || lower(u.username))
                  AND a.locked_until > now()) AS is_locked
  FROM users u ORDER BY lower(u.username)
