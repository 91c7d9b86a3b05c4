INSERT INTO cycle_placements AS p (account, key, beside, actor) VALUES (%(account)s, %(key)s, %(beside)s, %(actor)s)
ON CONFLICT (account, key) DO UPDATE SET beside = excluded.beside, actor = excluded.actor, placed_at = now()
 WHERE p.beside IS DISTINCT FROM excluded.beside
RETURNING key
