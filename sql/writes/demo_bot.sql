-- The demo's bot and its strategies, as they will be found when it starts.
WITH bot AS (
    INSERT INTO bots (bot, adapter, account, client_id, first_seen, last_seen)
    VALUES (%(bot)s, 'in_process', %(account)s, %(client_id)s, %(since)s, %(since)s)
    ON CONFLICT DO NOTHING
)
INSERT INTO strategies (name, bot, title, symbols, allocation, can_pause_opening, created_at)
SELECT name, %(bot)s, title, symbols, allocation, true, created_at
  FROM json_to_recordset(%(rows)s) AS t (name text, title text, symbols text[], allocation double precision, created_at timestamptz)
ON CONFLICT DO NOTHING
