-- Money that came or went without a trade on some days.
SELECT f.* FROM cash_flows f
 WHERE f.account = %(account)s AND f.session_date BETWEEN %(first)s AND %(last)s ORDER BY f.ts, f.flow_id
