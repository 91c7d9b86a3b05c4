-- The strategies that a bot's configuration lists now; one that it lists no more stays, with its past, as not listed.
WITH listed AS (
    SELECT *
      FROM jsonb_to_recordset(cast(%(strategies)s AS jsonb))
           AS x (name text, title text, symbols text[], allocation double precision, can_pause_opening boolean)
), gone AS (
    UPDATE strategies SET is_listed = false
     WHERE bot = %(bot)s AND is_listed AND name NOT IN (SELECT name FROM listed)
)
INSERT INTO strategies AS s (name, bot, title, symbols, allocation, can_pause_opening)
SELECT name, %(bot)s, title, symbols, allocation, can_pause_opening FROM listed ORDER BY name
ON CONFLICT (name) DO UPDATE
   SET bot = excluded.bot,
       title = excluded.title,
       symbols = excluded.symbols,
       allocation = excluded.allocation,
       can_pause_opening = excluded.can_pause_opening,
       is_listed = true
