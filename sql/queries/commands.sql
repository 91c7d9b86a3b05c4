-- Commands with how far they are, the newest first.
SELECT c.id, c.command_id, c.strategy, c.symbol, c.action, c.scope, c.reason, c.actor, c.origin, c.requested_at,
       CASE coalesce(p.state, 'requested') WHEN 'claimed' THEN 'requested' ELSE coalesce(p.state, 'requested') END AS state,
       p.acknowledged_at, p.settled_at, p.detail, coalesce(p.remaining, '[]') AS remaining
  FROM commands c
  LEFT JOIN command_progress p ON p.command = c.id
 WHERE (cast(:command_id AS uuid) IS NULL OR c.command_id = :command_id)
   AND (cast(:strategy AS text) IS NULL OR c.strategy = :strategy)
   AND (cast(:symbol AS text) IS NULL OR coalesce(c.symbol, '') = :symbol)
   AND (NOT :is_open OR p.state IS NULL OR p.state IN ('claimed', 'acknowledged'))
 ORDER BY c.id DESC
 LIMIT :limit
