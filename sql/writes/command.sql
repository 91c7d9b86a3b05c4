INSERT INTO commands (strategy, symbol, action, scope, reason, actor, actor_kind, origin, batch)
VALUES (%(strategy)s, %(symbol)s, %(action)s, %(scope)s, %(reason)s, %(actor)s, %(actor_kind)s, %(origin)s, %(batch)s)
RETURNING id, command_id
