-- An account's suspected transfers after :since are these; a row is returned for each that is new, another one or gone.
WITH found AS (
    SELECT f.account, f.ts, session_date_of(f.ts) AS session_date, f.amount
      FROM json_populate_recordset(NULL::suspected_transfers, %(rows)s) AS f
), gone AS (
    DELETE FROM suspected_transfers s
     WHERE s.account = %(account)s AND s.ts > %(since)s AND NOT EXISTS (SELECT FROM found f WHERE f.ts = s.ts)
    RETURNING s.ts
), written AS (
    INSERT INTO suspected_transfers AS s
    SELECT * FROM found
    ON CONFLICT (account, ts) DO UPDATE SET amount = excluded.amount WHERE s.amount <> excluded.amount
    RETURNING s.ts)
SELECT ts FROM gone UNION ALL SELECT ts FROM written
