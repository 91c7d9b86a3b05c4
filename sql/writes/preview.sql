INSERT INTO previews (bot, actor) VALUES (%(bot)s, %(actor)s) RETURNING preview_id
