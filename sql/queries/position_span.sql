-- A contract, the newest instant of an account's position in it, and since when the finer levels are whole. No row: there is
-- no such contract.
SELECT c.symbol,
       c.currency,
       l.as_of AS newest,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'position' AND r.level = '1m') AS minutes_from,
       (SELECT nullif(r.kept_from, '-infinity') FROM rollup_levels r WHERE r.relation = 'position' AND r.level = '1h') AS hours_from
  FROM contracts c
  LEFT JOIN positions_latest l ON l.account = :account AND l.con_id = c.con_id
 WHERE c.con_id = :con_id
