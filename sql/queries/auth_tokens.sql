-- Tokens that aren't revoked, of one user or (null) of everybody, with their owner's name.
SELECT t.id, t.name, t.scope, t.user_id, t.created_at, t.expires_at, t.used_at, u.username AS owner, t.expires_at <= now() AS is_over
  FROM api_tokens t LEFT JOIN users u ON u.id = t.user_id
 WHERE t.revoked_at IS NULL AND (cast(:user AS bigint) IS NULL OR t.user_id = :user)
 ORDER BY t.created_at DESC, t.id DESC
