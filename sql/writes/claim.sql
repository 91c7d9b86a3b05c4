INSERT INTO database_source (source, account) VALUES (%(source)s, %(account)s) ON CONFLICT DO NOTHING
