-- The first statement that says what was held at its end, and what was traded before.
SELECT id, first_day, last_day FROM statements
 WHERE account = %(account)s AND sections ?& ARRAY['OpenPositions', 'Trades']
 ORDER BY last_day, first_day, generated_at DESC LIMIT 1
