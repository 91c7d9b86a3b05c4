-- Bots that keep no record of their decisions: at most their output tells what they skipped.
SELECT b.bot
  FROM bots b
 WHERE NOT EXISTS (SELECT FROM decisions d WHERE d.bot = b.bot AND coalesce(d.detail ->> 'from', '') <> 'output')
 ORDER BY b.bot
