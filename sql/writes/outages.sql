INSERT INTO outages AS o
SELECT * FROM json_populate_recordset(NULL::outages, %(rows)s)
ON CONFLICT (account, kind, started) DO UPDATE
   SET ended = coalesce(o.ended, excluded.ended), reason = excluded.reason
