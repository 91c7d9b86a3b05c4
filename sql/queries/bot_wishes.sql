-- The commands for a bot's strategies and for every one ('*') that are not settled yet. Only the newest are looked at: older
-- ones have long been settled.
SELECT c.id, c.strategy, coalesce(c.symbol, '') AS symbol, c.action, c.scope
  FROM (SELECT name FROM strategies WHERE bot = :bot UNION ALL SELECT '*') AS n
 CROSS JOIN LATERAL (SELECT * FROM commands WHERE strategy = n.name ORDER BY id DESC LIMIT 20) AS c
  LEFT JOIN command_progress p ON p.command = c.id
 WHERE p.state IS NULL OR p.state IN ('claimed', 'acknowledged')
