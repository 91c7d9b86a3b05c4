INSERT INTO preview_results (preview_id, started_at) VALUES (%(preview_id)s, now()) ON CONFLICT DO NOTHING RETURNING preview_id
