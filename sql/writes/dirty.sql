-- For rows that were copied in bulk.
INSERT INTO dirty_windows (relation, first_ts, last_ts)
SELECT %(relation)s, %(first_ts)s, %(last_ts)s WHERE cast(%(first_ts)s AS timestamptz) < rolled_upto(%(relation)s, 'raw')
