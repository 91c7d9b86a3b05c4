-- A cycle of an in-process bot: begun, ended, or (a quiet one after another) told again under the same id with newer times.
INSERT INTO bot_runs AS r (run_id, bot, started_at, ended_at, outcome, command_seen, host, pid, version, words)
VALUES (%(run_id)s, %(bot)s, %(started_at)s, %(ended_at)s, %(outcome)s, %(command_seen)s, %(host)s, %(pid)s, %(version)s,
        %(words)s)
ON CONFLICT (run_id) DO UPDATE
   SET started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
       command_seen = excluded.command_seen, words = excluded.words
 WHERE r.bot = excluded.bot
   AND (r.started_at, r.ended_at, r.outcome, r.words)
       IS DISTINCT FROM (excluded.started_at, excluded.ended_at, excluded.outcome, excluded.words)
RETURNING run_id
