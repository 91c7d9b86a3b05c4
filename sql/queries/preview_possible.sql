-- Of a bot: how it is run, its last command line, and a dry run of the last minutes that has not ended.
SELECT b.adapter, b.command IS NOT NULL AS has_command,
       (SELECT p.preview_id
          FROM previews p
          LEFT JOIN preview_results r USING (preview_id)
         WHERE p.bot = b.bot AND r.ended_at IS NULL AND p.requested_at > now() - interval '10 minutes'
         ORDER BY p.requested_at DESC
         LIMIT 1) AS waiting
  FROM bots b
 WHERE b.bot = :bot
