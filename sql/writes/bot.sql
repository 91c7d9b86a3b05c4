-- A wrapped bot as its newest run found it; what isn't known now stays as it was. No row comes back for a name that a bot of
-- another kind has.
INSERT INTO bots AS b (bot, adapter, family, version, account, client_id, gateway_host, gateway_port, config_path, command,
                       schedule, longest_run_s, problem)
VALUES (%(bot)s, 'wrapper', %(family)s, %(version)s, %(account)s, %(client_id)s, %(gateway_host)s, %(gateway_port)s,
        %(config_path)s, cast(%(command)s AS jsonb), %(schedule)s, %(longest_run_s)s, %(problem)s)
ON CONFLICT (bot) DO UPDATE
   SET family = coalesce(excluded.family, b.family),
       version = coalesce(excluded.version, b.version),
       account = coalesce(excluded.account, b.account),
       client_id = coalesce(excluded.client_id, b.client_id),
       gateway_host = coalesce(excluded.gateway_host, b.gateway_host),
       gateway_port = coalesce(excluded.gateway_port, b.gateway_port),
       config_path = coalesce(excluded.config_path, b.config_path),
       command = excluded.command,
       schedule = coalesce(excluded.schedule, b.schedule),
       longest_run_s = coalesce(excluded.longest_run_s, b.longest_run_s),
       problem = excluded.problem,
       last_seen = now()
 WHERE b.adapter = 'wrapper'
RETURNING bot
