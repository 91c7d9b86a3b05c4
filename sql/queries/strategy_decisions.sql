-- The last :limit decisions of each listed strategy, newest first.
SELECT s.name AS strategy, d.ts, d.kind, d.symbol, d.contract, d.action, d.quantity, d.limit_price, d.reason
  FROM strategies s
 CROSS JOIN LATERAL (SELECT x.* FROM decisions x WHERE x.strategy = s.name ORDER BY x.ts DESC, x.id DESC LIMIT :limit) AS d
 ORDER BY s.name, d.ts DESC, d.id DESC
