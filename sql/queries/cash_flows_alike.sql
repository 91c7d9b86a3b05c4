-- How much of the same money on the same day is known from elsewhere than statements.
SELECT count(*)
  FROM cash_flows
 WHERE account = %(account)s AND source <> 'statement' AND kind = %(kind)s AND amount = %(amount)s AND currency = %(currency)s
   AND session_date = %(session_date)s
