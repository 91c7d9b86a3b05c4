-- A sign of life of an in-process bot. No row: a wrapped bot has this name. `is_news`: something that people see changed, or
-- it is a while since a sign of life was announced (`last_seen`): those who keep rows must not take it for silent. A report need not wait for the disk: the next one comes in a second.
WITH before AS (SELECT * FROM bots WHERE bot = %(bot)s)
INSERT INTO bots AS b (bot, adapter, version, account, client_id, gateway_host, gateway_port, problem, heartbeat_at, last_seen)
VALUES (%(bot)s, 'in_process', %(version)s, %(account)s, %(client_id)s, %(gateway_host)s, %(gateway_port)s, %(problem)s, now(),
        now())
ON CONFLICT (bot) DO UPDATE
   SET version = excluded.version, account = excluded.account, client_id = excluded.client_id,
       gateway_host = excluded.gateway_host, gateway_port = excluded.gateway_port, problem = excluded.problem,
       heartbeat_at = excluded.heartbeat_at,
       last_seen = CASE WHEN b.last_seen < now() - make_interval(secs => %(announce_s)s) THEN now() ELSE b.last_seen END
 WHERE b.adapter = 'in_process'
RETURNING NOT EXISTS (SELECT FROM before) AS is_new,
          coalesce((SELECT (o.version, o.account, o.problem) IS DISTINCT FROM (b.version, b.account, b.problem)
                           OR o.heartbeat_at IS NULL OR b.last_seen > o.last_seen
                      FROM before o), true) AS is_news,
          set_config('synchronous_commit', 'off', true)
