-- Bots that keep no record of their decisions.
SELECT b.bot FROM bots b WHERE NOT EXISTS (SELECT FROM decisions d WHERE d.bot = b.bot) ORDER BY b.bot
