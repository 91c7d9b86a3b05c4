-- Idempotent: a flow that is known stays as it is.
INSERT INTO cash_flows
SELECT * FROM json_populate_recordset(NULL::cash_flows, %(rows)s)
ON CONFLICT DO NOTHING
