-- Premium of short options that were sold in the calendar month that the current session lies in, less what buying them back cost,
-- before commissions: premium_income.sql by open date. Left out: other currencies than the account's, and what notes leave out.
-- The revision is that of topic strategies, which the book and the notes move; `known_since` null: nothing is folded yet.
WITH month AS MATERIALIZED (
    SELECT date_trunc('month', cast(session_date_of(now()) AS timestamp)) AS first
), gone AS MATERIALIZED (
    SELECT l.trip FROM trips_left_out l WHERE l.account = :account
)
SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'strategies'), 0) AS revision,
       (SELECT s.closes FROM market_sessions s WHERE s.closes > now() ORDER BY s.closes LIMIT 1) AS valid_until,
       (SELECT min(r.opened) FROM round_trips r WHERE r.account = :account) AS known_since,
       (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS as_of,
       (SELECT sum(s.premium + s.buy_back)
          FROM round_trips r
          JOIN contracts c USING (con_id)
         CROSS JOIN LATERAL jsonb_to_recordset(r.sold) AS s(opened date, premium numeric, buy_back numeric)
         WHERE r.account = :account
           AND r.sold <> '[]'
           AND (r.closed_on IS NULL OR r.closed_on >= cast(month.first AS date))
           AND c.currency = coalesce((SELECT a.base_currency FROM accounts a WHERE a.account = :account), c.currency)
           AND s.opened >= cast(month.first AS date)
           AND s.opened < cast(month.first + interval '1 month' AS date)
           AND r.trip NOT IN (SELECT g.trip FROM gone g)) AS premium
  FROM month
