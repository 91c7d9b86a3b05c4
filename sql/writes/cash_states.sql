INSERT INTO cash_states
SELECT * FROM json_populate_recordset(NULL::cash_states, %(rows)s)
ON CONFLICT DO NOTHING
