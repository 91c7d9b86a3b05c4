-- The newest command for each strategy ("*" among them), and for each single symbol that is not active or is to change.
WITH places AS (
    SELECT s.name AS strategy, '' AS symbol FROM strategies s
    UNION
    SELECT '*', ''
    UNION
    SELECT d.strategy, d.symbol FROM strategy_states d WHERE d.symbol <> ''
    UNION
    SELECT c.strategy, c.symbol
      FROM commands c
      LEFT JOIN command_progress p ON p.command = c.id
     WHERE c.symbol IS NOT NULL AND (p.state IS NULL OR p.state IN ('claimed', 'acknowledged'))
)
SELECT places.strategy AS of_strategy, places.symbol AS of_symbol, coalesce(d.desired, 'active') AS desired, c.*
  FROM places
  LEFT JOIN strategy_states d USING (strategy, symbol)
  LEFT JOIN LATERAL (
       SELECT x.id, x.command_id, x.strategy, x.symbol, x.action, x.scope, x.reason, x.actor, x.origin, x.requested_at,
              CASE coalesce(p.state, 'requested') WHEN 'claimed' THEN 'requested' ELSE coalesce(p.state, 'requested') END AS state,
              p.acknowledged_at, p.settled_at, p.detail, coalesce(p.remaining, '[]') AS remaining
         FROM commands x
         LEFT JOIN command_progress p ON p.command = x.id
        WHERE x.strategy = places.strategy AND coalesce(x.symbol, '') = places.symbol
        ORDER BY x.id DESC
        LIMIT 1) AS c ON true
 ORDER BY places.strategy, places.symbol
