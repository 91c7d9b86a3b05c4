-- What an Idempotency-Key was answered with.
SELECT c.command_id, k.fingerprint
  FROM command_keys k
  JOIN commands c ON c.id = k.command
 WHERE k.actor_kind = :actor_kind AND k.actor = :actor AND k.key = cast(:key AS text)
