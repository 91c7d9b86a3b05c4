-- A run as far as it is known; told again, what has ended stays ended.
INSERT INTO bot_runs AS r (run_id, bot, started_at, ended_at, outcome, exit_code, command_seen, host, pid, version, is_preview,
                           words, output)
VALUES (%(run_id)s, %(bot)s, %(started_at)s, %(ended_at)s, %(outcome)s, %(exit_code)s, %(command_seen)s, %(host)s, %(pid)s,
        %(version)s, %(is_preview)s, %(words)s, %(output)s)
ON CONFLICT (run_id) DO UPDATE
   SET ended_at = excluded.ended_at, outcome = excluded.outcome, exit_code = excluded.exit_code,
       command_seen = excluded.command_seen, version = excluded.version, words = excluded.words, output = excluded.output
 WHERE excluded.ended_at IS NOT NULL AND (r.ended_at IS NULL OR r.outcome = 'vanished')
