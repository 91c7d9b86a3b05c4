INSERT INTO attributions (account, perm_id, strategy, how, actor)
VALUES (%(account)s, %(perm_id)s, %(strategy)s, 'hand', %(actor)s)
