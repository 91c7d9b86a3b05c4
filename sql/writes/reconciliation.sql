-- How a statement agrees, anew.
INSERT INTO reconciliations AS r (statement, account, open_breaks, report)
VALUES (%(statement)s, %(account)s, %(breaks)s, %(report)s)
ON CONFLICT (statement) DO UPDATE
    SET made_at = now(), open_breaks = excluded.open_breaks, report = excluded.report
