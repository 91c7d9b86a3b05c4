-- Which execution each trade of a statement is: by its execution id; without one (the broker's own bookings, and where the query
-- lacks that field) the API's fill of the same contract, quantity and price, of the same session or second, as a multiset; else one
-- of its own. Asked for `trades`, for what the executions `bases` may be, and for the contracts and days where either could pair.
WITH wanted AS (
    SELECT t.*, coalesce(t.base_exec_id = ANY (%(bases)s) OR t.exec_id = ANY (%(bases)s) OR t.trade = ANY (%(trades)s), false) AS is_asked
      FROM statement_trades t
     WHERE t.account = %(account)s AND t.cancels IS NULL AND NOT t.is_conversion
       AND (t.trade = ANY (%(trades)s) OR t.base_exec_id = ANY (%(bases)s) OR t.base_exec_id = ANY (%(splits)s)
            OR (t.con_id = ANY (%(con_ids)s) AND t.session_date = ANY (%(days)s)))
), named AS (
    SELECT w.trade,
           coalesce((SELECT e.base_exec_id FROM executions e
                      WHERE e.account = w.account AND e.base_exec_id = w.exec_id AND e.source = 'api' LIMIT 1),
                    regexp_replace(w.exec_id, '\.[0-9]+$', '')) AS base
      FROM wanted w
     WHERE w.exec_id IS NOT NULL
), mine AS (
    SELECT w.trade, w.con_id, w.quantity, w.price, w.is_booked, CASE WHEN w.is_booked THEN w.session_date::text ELSE w.ts::text END AS slot,
           row_number() OVER (PARTITION BY w.con_id, w.quantity, w.price, w.is_booked,
                                           CASE WHEN w.is_booked THEN w.session_date::text ELSE w.ts::text END ORDER BY w.trade) AS place
      FROM wanted w
     WHERE w.exec_id IS NULL
), theirs AS (
    SELECT e.base_exec_id, e.con_id, CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END AS quantity, e.price, b.is_booked,
           CASE WHEN b.is_booked THEN e.session_date::text ELSE e.ts::text END AS slot,
           row_number() OVER (PARTITION BY e.con_id, e.side, e.quantity, e.price, b.is_booked,
                                           CASE WHEN b.is_booked THEN e.session_date::text ELSE e.ts::text END
                              ORDER BY e.base_exec_id) AS place
      FROM executions e
     CROSS JOIN (VALUES (true), (false)) AS b (is_booked)
     WHERE e.account = %(account)s AND e.con_id = ANY (%(con_ids)s) AND e.session_date = ANY (%(days)s)
       AND e.source = 'api' AND e.effective AND e.kind <> 'combo' AND (b.is_booked = (e.order_id IS NULL) OR NOT b.is_booked)
       AND NOT EXISTS (SELECT FROM statement_trades o
                        WHERE o.account = e.account AND o.base_exec_id = e.base_exec_id AND o.exec_id IS NOT NULL)
), found AS (
    SELECT n.trade, n.base FROM named n
    UNION ALL
    SELECT m.trade, coalesce(a.base_exec_id, 'flex:' || m.trade)
      FROM mine m
      LEFT JOIN theirs a USING (con_id, quantity, price, is_booked, slot, place)
)
UPDATE statement_trades t
   SET base_exec_id = f.base
  FROM found f
  JOIN wanted w USING (trade)
 WHERE t.account = %(account)s AND t.trade = f.trade AND (w.is_asked OR t.base_exec_id IS DISTINCT FROM f.base)
RETURNING w.base_exec_id, f.base
