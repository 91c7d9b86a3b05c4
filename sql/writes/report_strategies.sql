-- The strategies that a bot has now, as it tells of them; those that it names no more are no longer listed. Gives the
-- names of those that changed.
WITH told AS (
    SELECT * FROM json_to_recordset(%(rows)s) AS t (name text, title text, symbols text[], allocation double precision,
           can_pause_opening boolean, bot_status text, bot_words text)
), written AS (
    INSERT INTO strategies AS s (name, bot, title, symbols, allocation, can_pause_opening, bot_status, bot_words, bot_status_at)
    SELECT name, %(bot)s, title, symbols, allocation, can_pause_opening, bot_status, bot_words, now() FROM told ORDER BY name
    ON CONFLICT (name) DO UPDATE
       SET bot = excluded.bot, title = excluded.title, symbols = excluded.symbols, allocation = excluded.allocation,
           can_pause_opening = excluded.can_pause_opening, is_listed = true, bot_status = excluded.bot_status,
           bot_words = excluded.bot_words,
           bot_status_at = CASE WHEN s.bot_status IS DISTINCT FROM excluded.bot_status THEN now() ELSE s.bot_status_at END
     WHERE (s.bot, s.title, s.symbols, s.allocation, s.can_pause_opening, s.is_listed, s.bot_status, s.bot_words)
           IS DISTINCT FROM (excluded.bot, excluded.title, excluded.symbols, excluded.allocation, excluded.can_pause_opening,
                             true, excluded.bot_status, excluded.bot_words)
    RETURNING s.name
), gone AS (
    UPDATE strategies s SET is_listed = false
     WHERE s.bot = %(bot)s AND s.is_listed AND NOT EXISTS (SELECT FROM told WHERE told.name = s.name)
    RETURNING s.name
)
SELECT name FROM written UNION ALL SELECT name FROM gone
