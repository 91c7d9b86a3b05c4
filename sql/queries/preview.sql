-- A dry run that was asked for, and how far it is.
SELECT p.preview_id, p.bot, p.actor, p.requested_at, r.started_at, r.ended_at, r.problem, coalesce(r.orders, '[]') AS orders, r.words
  FROM previews p
  LEFT JOIN preview_results r USING (preview_id)
 WHERE p.preview_id = :preview_id
