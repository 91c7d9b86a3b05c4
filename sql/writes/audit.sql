-- Number, time and hash are given by the database.
INSERT INTO audit_events (kind, actor, origin, subject, detail)
VALUES (%(kind)s, %(actor)s, %(origin)s, %(subject)s, %(detail)s)
