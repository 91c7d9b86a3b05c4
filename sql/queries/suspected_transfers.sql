-- What is suspected to have come or gone, newest first; is_open: nothing answers it yet, so that it is left out of P&L and returns.
SELECT s.ts, s.session_date, s.amount, a.base_currency, o.ts IS NOT NULL AS is_open
  FROM suspected_transfers s
  JOIN accounts a USING (account)
  LEFT JOIN open_transfers o ON o.account = s.account AND o.ts = s.ts
 WHERE s.account = :account
 ORDER BY s.ts DESC
 LIMIT 100
