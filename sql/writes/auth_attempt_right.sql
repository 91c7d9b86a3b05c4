-- It was right after all: that attempt is no failure.
UPDATE login_attempts SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE subject = %(subject)s
