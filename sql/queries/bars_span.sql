-- The instrument that a symbol means, the stock before what else bears the name, and what is stored of each level of its bars.
-- No row: there is no such instrument; options on it don't count.
WITH instrument AS (
    SELECT c.con_id, c.symbol, c.currency
      FROM contracts c
     WHERE c.symbol = :symbol AND c.sec_type NOT IN ('OPT', 'FOP', 'BAG', 'WAR')
     ORDER BY c.sec_type = 'STK' DESC, EXISTS (SELECT FROM bar_coverage v WHERE v.con_id = c.con_id) DESC, c.con_id
     LIMIT 1
)
SELECT i.*,
       l.resolution,
       v.asked_at,
       v.problem,
       v.first_ts AS whole_from,
       (SELECT b.ts FROM price_bars b WHERE b.con_id = i.con_id AND b.what = :what AND b.resolution = l.resolution ORDER BY b.ts LIMIT 1) AS first_ts,
       (SELECT b.ts FROM price_bars b WHERE b.con_id = i.con_id AND b.what = :what AND b.resolution = l.resolution ORDER BY b.ts DESC LIMIT 1) AS last_ts
  FROM instrument i
 CROSS JOIN unnest(ARRAY['1m', '1h', '1d']) AS l(resolution)
  LEFT JOIN bar_coverage v ON v.con_id = i.con_id AND v.what = :what AND v.resolution = l.resolution
