-- How many orders have an execution within a filter.
SELECT count(DISTINCT t.filled_order) AS total
  FROM trades_wanted(:account, cast(:wanted AS jsonb)) t
 WHERE t.kind <> 'combo'
