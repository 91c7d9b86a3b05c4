INSERT INTO position_snapshots
SELECT * FROM json_populate_recordset(NULL::position_snapshots, %(rows)s)
ON CONFLICT DO NOTHING
