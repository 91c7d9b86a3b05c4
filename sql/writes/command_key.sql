INSERT INTO command_keys (actor_kind, actor, key, fingerprint, command)
SELECT %(actor_kind)s, %(actor)s, %(key)s, %(fingerprint)s, id FROM commands WHERE command_id = %(command_id)s
