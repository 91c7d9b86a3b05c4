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
       -- What is owed now: as the broker says, else as the newest statement does.
       coalesce(p.accrued_dividends + coalesce(p.accrued_interest, 0),
                (SELECT cast(coalesce(n.dividend_accruals, 0) + coalesce(n.interest_accruals, 0) AS double precision)
                   FROM statement_nav n WHERE n.account = a.account ORDER BY n.day DESC LIMIT 1)) AS accruals,
       p.accrued_dividends + coalesce(p.accrued_interest, 0) AS accruals_now,
       -- What was owed and is paid since the session before (negative: by us). Null where nothing is known of before.
       (SELECT CASE WHEN count(known.ts) > 0
                    THEN coalesce(sum(CASE WHEN x.before > 0 THEN greatest(x.before - x.owed, 0) ELSE least(x.before - x.owed, 0) END), 0) END
          FROM (SELECT max(b.ts) AS ts FROM cash_states b WHERE b.account = a.account AND b.session_date < :session_date) AS known
          LEFT JOIN LATERAL (
               SELECT s.accrued_dividends + coalesce(s.accrued_interest, 0) AS owed,
                      lag(s.accrued_dividends + coalesce(s.accrued_interest, 0)) OVER (ORDER BY s.ts) AS before
                 FROM cash_states s
                WHERE s.account = a.account AND s.ts >= known.ts) AS x ON true) AS paid_out,
       (SELECT CASE WHEN count(*) = count(h.market_value) THEN coalesce(sum(h.market_value), 0) END
          FROM positions_latest h WHERE h.account = a.account) AS held,
       (SELECT coalesce(sum(e.commission), 0)
          FROM executions e
         WHERE e.account = a.account AND e.session_date = :session_date AND e.effective AND e.kind <> 'combo'
           AND e.commission_currency = a.base_currency) AS fees_today,
       reset.ts AS reset_at, reset.worth AS reset_worth,
       (SELECT coalesce(sum(f.base_amount), 0)
          FROM cash_flows f
         WHERE f.account = a.account AND f.session_date = :session_date AND f.ts <= reset.ts
           AND f.kind IN ('deposit', 'withdrawal', 'fee', 'other')) -- what is owed is in it before it is paid
           + (SELECT coalesce(sum(o.amount), 0)
                FROM open_transfers o WHERE o.account = a.account AND o.session_date = :session_date AND o.ts <= reset.ts) AS reset_flows,
       EXISTS (SELECT FROM positions_latest p JOIN contracts c USING (con_id)
                WHERE p.account = a.account AND c.currency <> a.base_currency) AS has_foreign
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
  -- The minute in which the broker's daily P&L went back to about nothing while net liquidation didn't move by it: what the account
  -- was worth then.
  LEFT JOIN LATERAL (
       SELECT m.bucket AS ts, m.worth - m.daily AS worth
         FROM (SELECT h.bucket, h.net_liquidation_close AS worth, h.daily_pnl_close AS daily,
                      lag(h.net_liquidation_close) OVER w AS worth_before, lag(h.daily_pnl_close) OVER w AS daily_before
                 FROM portfolio_history h
                WHERE h.account = a.account AND h.resolution = '1m'
                  AND h.bucket >= (SELECT s.closes - interval '2 minutes' FROM market_sessions s
                                    WHERE s.session_date < :session_date ORDER BY s.session_date DESC LIMIT 1)
                  AND h.bucket < (SELECT s.closes FROM market_sessions s WHERE s.session_date = :session_date)
               WINDOW w AS (ORDER BY h.bucket)) AS m
        WHERE abs(m.daily_before) >= 0.0001 * abs(m.worth)
          AND abs(m.worth - m.daily - m.worth_before) <= 0.1 * abs(m.daily_before)
          AND abs(m.daily) <= abs(m.worth - m.worth_before) + 0.1 * abs(m.daily_before)
        ORDER BY m.bucket DESC
        LIMIT 1) AS reset ON true
 WHERE a.account = :account
