-- Which execution some trades of statements are.
UPDATE statement_trades t
   SET base_exec_id = n.base
  FROM unnest(%(trades)s::text[], %(bases)s::text[]) AS n (trade, base)
 WHERE t.account = %(account)s AND t.trade = n.trade AND t.base_exec_id IS DISTINCT FROM n.base
