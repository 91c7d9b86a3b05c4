-- A token that counts, by its secret's hash.
SELECT t.id, t.name, t.scope, t.user_id, t.expires_at, u.role
  FROM api_tokens t LEFT JOIN users u ON u.id = t.user_id
 WHERE t.secret_hash = :hash AND t.revoked_at IS NULL AND t.expires_at > now() AND (u.id IS NULL OR u.active)
