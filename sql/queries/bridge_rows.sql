-- The rows behind a step of the bridge from our P&L to the broker's, as pnl_bridge sums them: of :cause 'income' the cash flows, of
-- 'earlier' and 'premium' the round trips that were closed before today; with what they add up to (null: one has no rate).
WITH found AS MATERIALIZED (
    SELECT f.flow_id AS id, f.ts, concat_ws(': ', f.kind, nullif(f.description, '')) AS what, f.session_date AS day, -f.base_amount AS amount
      FROM cash_flows f
     WHERE cast(:cause AS text) = 'income' AND f.account = :account AND f.kind NOT IN ('deposit', 'withdrawal', 'conversion')
       AND CASE cast(:figure AS text) WHEN 'daily_pnl' THEN f.session_date = :session_date ELSE f.ts > :since END
    UNION ALL
    SELECT r.trip, r.closed, c.local_symbol, r.closed_on, CASE cast(:cause AS text) WHEN 'earlier' THEN -r.net ELSE -r.carried END
      FROM round_trips r
      JOIN contracts c USING (con_id)
      JOIN accounts a USING (account)
     WHERE cast(:figure AS text) = 'total_pnl' AND r.account = :account AND r.closed > :since AND r.closed_on < :session_date
       AND c.currency = a.base_currency
       AND CASE cast(:cause AS text) WHEN 'earlier' THEN r.net IS NOT NULL WHEN 'premium' THEN r.carried <> 0 ELSE false END
)
SELECT s.*, r.id, r.what, r.day, r.amount
  FROM (SELECT count(*) AS rows, CASE WHEN count(*) = count(f.amount) THEN coalesce(sum(f.amount), 0) END AS sum FROM found f) AS s
  LEFT JOIN (SELECT f.* FROM found f ORDER BY f.ts DESC, f.id DESC LIMIT :limit) AS r ON true
 ORDER BY r.ts DESC, r.id DESC
