-- The rows behind the figures of a wheel cycle: its round trips, and what its shares paid while they were held; with what they add up to.
-- Who pays stands in the description where the flow has no symbol of its own: "KO(US1912161007) CASH DIVIDEND …", "Dividend of KO".
WITH trips AS MATERIALIZED (
    SELECT t.id, t.local_symbol AS what, t.opened, t.opened_on, t.closed, t.closed_on, t.symbol, t.currency, t.sec_type,
           CASE WHEN t.sec_type IN ('OPT', 'FOP') THEN t.gross ELSE 0 END AS premium, t.fees
      FROM round_trip_rows t
     WHERE t.account = :account AND t.cycle = cast(:cycle AS text)
), found AS (
    SELECT t.id, t.what, t.opened, t.opened_on, t.closed_on, t.premium, t.fees, cast(0 AS numeric) AS dividends FROM trips t
    UNION ALL
    SELECT NULL, f.kind || ' ' || coalesce(f.description, ''), f.ts, f.session_date, f.session_date, 0, 0, f.amount
      FROM cash_flows f
     WHERE f.account = :account AND f.kind IN ('dividend', 'tax')
       AND EXISTS (SELECT FROM trips t
                    WHERE t.sec_type NOT IN ('OPT', 'FOP') AND t.currency = f.currency
                      AND t.symbol = coalesce(f.symbol, substring(regexp_replace(f.description, '^Dividend of ', '') FROM '^([A-Z0-9. ]+?)(\(|$)'))
                      AND t.opened <= f.ts AND (t.closed IS NULL OR f.ts <= t.closed))
)
SELECT (SELECT max(t.currency) FROM trips t) AS currency, sum(f.premium) OVER () AS sum_premium, sum(f.fees) OVER () AS sum_fees,
       sum(f.dividends) OVER () AS sum_dividends, count(*) OVER () AS rows, f.id, f.what, f.opened_on, f.closed_on, f.premium, f.fees,
       f.dividends
  FROM found f
 ORDER BY f.opened DESC, f.what
 LIMIT :limit
