-- What is stored of an account's position: its contract, the first and the last instant, and since when the finer levels are
-- whole. No row: there is no such contract.
SELECT c.symbol,
       c.currency,
       (SELECT d.first_ts FROM position_1d_parts d WHERE d.account = :account AND d.con_id = c.con_id ORDER BY d.bucket, d.session_date LIMIT 1) AS first_ts,
       (SELECT s.ts FROM position_snapshots s WHERE s.account = :account AND s.con_id = c.con_id ORDER BY s.ts DESC LIMIT 1) AS last_raw,
       (SELECT d.last_ts FROM position_1d_parts d WHERE d.account = :account AND d.con_id = c.con_id ORDER BY d.bucket DESC, d.session_date DESC LIMIT 1) AS last_rolled,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'position' AND r.level = '1m') AS minutes_from,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'position' AND r.level = '1h') AS hours_from
  FROM contracts c
 WHERE c.con_id = :con_id
