-- Short options that are open and came from a strategy's own fills; of "*" all that are held.
SELECT c.con_id, c.local_symbol, c.symbol, c.expiry, c.strike, c."right",
       CASE WHEN :strategy = '*' THEN p.quantity ELSE greatest(own.quantity, p.quantity) END AS quantity
  FROM positions_latest p
  JOIN contracts c USING (con_id)
 CROSS JOIN LATERAL (SELECT cast(sum(CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END) AS double precision) AS quantity
                       FROM executions e
                      WHERE e.account = p.account AND e.con_id = p.con_id AND e.effective AND e.strategy = :strategy) AS own
 WHERE p.quantity < 0 AND c.sec_type IN ('OPT', 'FOP')
   AND (:strategy = '*' OR own.quantity < 0)
 ORDER BY c.expiry, c.symbol, c.strike
