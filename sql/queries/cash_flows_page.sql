-- A page of cash flows, newest first; :before_ts and :before_flow are the last row of the page before. :kind, :currency, :symbol
-- null: whatever; :from_day and :to_day are trading days, both included, null: open.
SELECT a.base_currency, f.flow_id, f.ts, f.session_date, f.kind, f.amount, f.currency, f.base_amount, f.description, f.source,
       f.rate_to_base, f.con_id, f.symbol
  FROM accounts a
  LEFT JOIN LATERAL (
       SELECT c.*
         FROM cash_flows c
        WHERE c.account = a.account
          AND (cast(:kind AS text) IS NULL OR c.kind = :kind)
          AND (cast(:currency AS text) IS NULL OR c.currency = :currency)
          AND (cast(:symbol AS text) IS NULL OR c.symbol = :symbol)
          AND (cast(:from_day AS date) IS NULL OR c.session_date >= :from_day)
          AND (cast(:to_day AS date) IS NULL OR c.session_date <= :to_day)
          AND (c.ts, c.flow_id) < (cast(:before_ts AS timestamptz), cast(:before_flow AS text))
        ORDER BY c.ts DESC, c.flow_id DESC
        LIMIT :limit) AS f ON true
 WHERE a.account = :account
 ORDER BY f.ts DESC, f.flow_id DESC
