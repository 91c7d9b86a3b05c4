-- How many effective executions a filter has.
SELECT count(*) AS total FROM trades_wanted(:account, cast(:wanted AS jsonb))
