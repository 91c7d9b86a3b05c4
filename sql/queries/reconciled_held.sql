-- What was held by the last samples of a day: a contract counts that was still sampled when the account was sampled last.
SELECT p.con_id, p.quantity
  FROM portfolio_1d a
  JOIN position_1d p ON p.account = a.account AND p.session_date = a.session_date AND p.last_ts > a.last_ts - interval '10 minutes'
 WHERE a.account = %(account)s AND a.session_date = %(last)s AND p.quantity <> 0
