-- Lots that statements tell of: closed ones, and those open at the end of the newest statement.
SELECT l.con_id, l.opened, l.quantity, l.cost, l.multiplier FROM statement_lots l WHERE l.account = %(account)s
UNION ALL
SELECT p.con_id, (o ->> 'opened')::timestamptz, abs((o ->> 'quantity')::numeric), (o ->> 'cost')::numeric, p.multiplier
  FROM statement_positions p
 CROSS JOIN jsonb_array_elements(p.lots) AS o
 WHERE p.statement = (SELECT id FROM statements WHERE account = %(account)s AND sections ? 'OpenPositions'
                       ORDER BY last_day DESC, generated_at DESC LIMIT 1)
