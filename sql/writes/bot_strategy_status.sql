-- What a bot's run said of single strategies: {strategy: sentence}; the others that are listed are well.
UPDATE strategies s
   SET bot_status = CASE WHEN w.words IS NULL THEN 'ok' ELSE 'error' END, bot_words = w.words, bot_status_at = now()
  FROM strategies l
  LEFT JOIN jsonb_each_text(cast(%(words)s AS jsonb)) AS w (name, words) ON w.name = l.name
 WHERE s.name = l.name AND l.bot = %(bot)s AND l.is_listed
