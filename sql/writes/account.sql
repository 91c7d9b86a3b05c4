INSERT INTO accounts (account, source) VALUES (%(account)s, %(source)s) ON CONFLICT DO NOTHING
