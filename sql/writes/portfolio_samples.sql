INSERT INTO portfolio_snapshots
SELECT * FROM json_populate_recordset(NULL::portfolio_snapshots, %(rows)s)
ON CONFLICT DO NOTHING
