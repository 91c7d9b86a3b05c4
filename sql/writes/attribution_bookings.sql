-- The broker's own bookings that belong to nobody yet, and who held the option: of several the one that held most. Shares that
-- are delivered leave the strategy that held them, others come to the strategy of the option whose end moved them. What was said
-- by hand stays.
WITH booked AS (
    SELECT e.id, e.account, e.con_id, e.ts, e.side, c.symbol, c.sec_type
      FROM executions e
      JOIN contracts c USING (con_id)
     WHERE e.strategy IS NULL AND e.effective AND e.kind IN ('assignment', 'exercise', 'expiry')
       AND NOT EXISTS (SELECT FROM attributions a WHERE a.account = e.account AND a.perm_id = e.perm_id AND a.how = 'hand')
), options AS (
    SELECT b.id, b.account, b.symbol, b.ts, h.strategy AS holder
      FROM booked b
     CROSS JOIN LATERAL (
           SELECT x.strategy
             FROM executions x
            WHERE x.account = b.account AND x.con_id = b.con_id AND x.effective AND x.kind <> 'combo' AND x.id <> b.id
              AND x.ts <= b.ts AND x.strategy IS NOT NULL
            GROUP BY x.strategy
           HAVING sum(CASE x.side WHEN 'BOT' THEN x.quantity ELSE -x.quantity END)
                  * CASE b.side WHEN 'BOT' THEN 1 ELSE -1 END < 0
            ORDER BY abs(sum(CASE x.side WHEN 'BOT' THEN x.quantity ELSE -x.quantity END)) DESC, x.strategy
            LIMIT 1) AS h
     WHERE b.sec_type IN ('OPT', 'FOP')
)
SELECT o.id, o.account, o.ts, o.holder FROM options o
UNION ALL
SELECT b.id, b.account, b.ts, coalesce(d.holder, h.holder) AS holder
  FROM booked b
 CROSS JOIN LATERAL (
       SELECT coalesce(o.holder, x.strategy) AS holder
         FROM executions x
         JOIN contracts c USING (con_id)
         LEFT JOIN options o ON o.id = x.id
        WHERE x.account = b.account AND c.symbol = b.symbol AND c.sec_type IN ('OPT', 'FOP') AND x.effective
          AND x.kind IN ('assignment', 'exercise') AND x.ts BETWEEN b.ts - interval '5 seconds' AND b.ts + interval '5 seconds'
          AND coalesce(o.holder, x.strategy) IS NOT NULL
        ORDER BY x.id
        LIMIT 1) AS h
  LEFT JOIN LATERAL (
       SELECT x.strategy AS holder
         FROM executions x
        WHERE x.account = b.account AND x.con_id = b.con_id AND x.effective AND x.ts <= b.ts AND x.id <> b.id AND x.strategy IS NOT NULL
        GROUP BY x.strategy
       HAVING sum(CASE x.side WHEN 'BOT' THEN x.quantity ELSE -x.quantity END)
              * CASE b.side WHEN 'BOT' THEN 1 ELSE -1 END < 0
        ORDER BY abs(sum(CASE x.side WHEN 'BOT' THEN x.quantity ELSE -x.quantity END)) DESC, x.strategy
        LIMIT 1) AS d ON true
 WHERE b.sec_type NOT IN ('OPT', 'FOP')
 ORDER BY ts, id
