-- Option premium of the calendar month that the current session lies in: sold minus bought back, before commissions.
-- Left out: other currencies than the account's, the BAG line of a spread (its legs carry the money), assignments, exercises
-- and expiries (no premium moves). The bound on ts is for the index: no session begins a week before its date.
WITH month AS MATERIALIZED (
    SELECT date_trunc('month', cast(session_date_of(now()) AS timestamp)) AS first
)
SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'trades'), 0) AS revision,
       (SELECT s.closes FROM market_sessions s WHERE s.closes > now() ORDER BY s.closes LIMIT 1) AS valid_until,
       (SELECT x.ts FROM executions x WHERE x.account = :account AND x.effective ORDER BY x.ts, x.id LIMIT 1) AS known_since,
       (SELECT x.ts FROM executions x WHERE x.account = :account AND x.effective ORDER BY x.ts DESC, x.id DESC LIMIT 1) AS as_of,
       (SELECT sum(CASE e.side WHEN 'SLD' THEN 1 ELSE -1 END * e.quantity * e.price * cast(c.multiplier AS numeric))
          FROM executions e
          JOIN contracts c USING (con_id)
         WHERE e.account = :account
           AND e.effective
           AND e.kind = 'trade'
           AND c.sec_type IN ('OPT', 'FOP')
           AND c.currency = coalesce((SELECT a.base_currency FROM accounts a WHERE a.account = :account), c.currency)
           AND e.ts >= month.first AT TIME ZONE 'UTC' - interval '7 days'
           AND e.session_date >= cast(month.first AS date)
           AND e.session_date < cast(month.first + interval '1 month' AS date)) AS premium
  FROM month
