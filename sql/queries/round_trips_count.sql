-- How many round trips a filter has.
SELECT count(*) AS total FROM round_trips_wanted(:account, cast(:wanted AS jsonb))
