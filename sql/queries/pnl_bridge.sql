-- What is known of the way from an account's total or daily P&L to the broker's, since :since and before the trading day :session_date.
SELECT (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
          FROM cash_flows f
         WHERE f.account = a.account AND f.ts > :since AND f.kind NOT IN ('deposit', 'withdrawal', 'conversion')) AS income,
       (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
          FROM cash_flows f
         WHERE f.account = a.account AND f.session_date = :session_date AND f.kind IN ('deposit', 'withdrawal'))
           + (SELECT coalesce(sum(o.amount), 0) FROM open_transfers o WHERE o.account = a.account AND o.session_date = :session_date)
           AS transfers_today,
       (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
          FROM cash_flows f
         WHERE f.account = a.account AND f.session_date = :session_date AND f.kind NOT IN ('deposit', 'withdrawal', 'conversion')) AS income_today,
       (SELECT coalesce(sum(r.net), 0)
          FROM round_trips r
          JOIN contracts c USING (con_id)
         WHERE r.account = a.account AND r.closed > :since AND r.closed_on < :session_date AND c.currency = a.base_currency) AS earlier,
       (SELECT coalesce(sum(r.carried), 0)
          FROM round_trips r
          JOIN contracts c USING (con_id)
         WHERE r.account = a.account AND r.closed > :since AND r.closed_on < :session_date AND c.currency = a.base_currency) AS carried,
       (SELECT coalesce(n.dividend_accruals, 0) + coalesce(n.interest_accruals, 0)
          FROM statement_nav n WHERE n.account = a.account ORDER BY n.day DESC LIMIT 1) AS accruals,
       EXISTS (SELECT FROM positions_latest p JOIN contracts c USING (con_id)
                WHERE p.account = a.account AND c.currency <> a.base_currency) AS has_foreign
  FROM accounts a
 WHERE a.account = :account
