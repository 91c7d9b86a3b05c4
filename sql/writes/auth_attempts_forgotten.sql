DELETE FROM login_attempts WHERE subject = ANY (%(subjects)s) OR last_at < now() - interval '2 days'
