INSERT INTO bar_coverage
SELECT * FROM json_populate_recordset(NULL::bar_coverage, %(rows)s)
ON CONFLICT (con_id, what, resolution) DO UPDATE
   SET first_ts = excluded.first_ts,
       last_ts = excluded.last_ts,
       asked_at = excluded.asked_at,
       problem = excluded.problem
