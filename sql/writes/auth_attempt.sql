-- Counted as failed before the password is looked at, so that many at once don't slip through; no row: it must wait.
-- From the limit on each failure doubles the wait. What is a day old is forgotten.
INSERT INTO login_attempts AS a (subject, failures) VALUES (%(subject)s, 1)
ON CONFLICT (subject) DO UPDATE
   SET failures = CASE WHEN a.last_at < now() - interval '1 day' THEN 1 ELSE a.failures + 1 END,
       last_at = now(),
       locked_until = CASE WHEN a.last_at >= now() - interval '1 day' AND a.failures + 1 >= %(limit)s THEN
           now() + least(%(first_s)s * 2 ^ least(a.failures + 1 - %(limit)s, 20), %(longest_s)s) * interval '1 second' END
 WHERE a.locked_until IS NULL OR a.locked_until <= now()
RETURNING failures
