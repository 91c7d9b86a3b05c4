-- What attribution hangs on: nothing is looked at while none of it moves.
SELECT now(),
       (SELECT sum(r.revision) FROM revisions r WHERE r.topic = 'trades'),
       (SELECT max(o.as_of) FROM orders o WHERE o.strategy IS NULL),
       (SELECT max(a.id) FROM attributions a),
       (SELECT array[count(*), count(d.perm_id), max(d.id)] FROM decisions d WHERE d.ts > now() - interval '3 days'),
       (SELECT array_agg((s.name, s.symbols, s.is_listed, b.client_id, b.family)::text ORDER BY s.name)
          FROM strategies s LEFT JOIN bots b USING (bot))
