-- A bot's newest runs.
SELECT r.run_id, r.bot, r.started_at, r.ended_at, r.outcome, r.exit_code, r.version, r.is_preview, r.words,
       r.output IS NOT NULL AS has_output
  FROM bot_runs r
 WHERE r.bot = :bot
 ORDER BY r.started_at DESC
 LIMIT :limit
