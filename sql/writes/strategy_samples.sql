-- Samples of what is rolled up already are noted, so that housekeeping looks again.
WITH written AS (
    INSERT INTO strategy_snapshots
    SELECT * FROM json_populate_recordset(NULL::strategy_snapshots, %(rows)s)
    ON CONFLICT DO NOTHING
    RETURNING ts)
INSERT INTO dirty_windows (relation, first_ts, last_ts)
SELECT 'strategy', min(ts), max(ts) FROM written WHERE ts < (SELECT rolled_upto('strategy', 'raw')) HAVING count(*) > 0
