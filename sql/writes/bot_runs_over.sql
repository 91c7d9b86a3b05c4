-- Who holds the bot's lock on this machine knows that every earlier run here is over.
UPDATE bot_runs SET ended_at = now(), outcome = 'vanished',
       words = 'The run ended without a word: its wrapper was killed, or the machine went down.'
 WHERE bot = %(bot)s AND host = %(host)s AND ended_at IS NULL AND started_at < %(started_at)s AND run_id <> %(run_id)s
   AND NOT is_preview
