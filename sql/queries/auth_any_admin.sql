-- Whether somebody can log in and manage the others.
SELECT EXISTS (SELECT FROM users WHERE active AND role = 'admin') AS found
