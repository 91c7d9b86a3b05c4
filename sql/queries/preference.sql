-- How a reader likes a page; `reader` null: who needs no log-in.
SELECT value, updated_at
  FROM preferences
 WHERE user_id IS NOT DISTINCT FROM cast(:reader AS bigint) AND page = :page
