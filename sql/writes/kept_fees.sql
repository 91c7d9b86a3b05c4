-- The fees that the broker keeps on trades that it takes back: what the trade and its cancellation paid (or got back), by day and
-- currency. The execution is gone, its money came back, the fee didn't. Made anew from all statements, so that the order of files is
-- nothing.
WITH pairs AS (
    SELECT o.trade AS original, c.trade AS cancel
      FROM cancelled_trades k
      JOIN statement_trades o USING (account, trade)
      JOIN statement_trades c ON c.account = o.account AND c.cancels = o.trade_id
     WHERE k.account = %(account)s AND NOT o.is_conversion
), told AS (
    SELECT DISTINCT ON (t.trade) t.*, p.original, coalesce(t.report_date, t.trade_date) AS day,
           coalesce(t.commission_currency, t.currency) AS paid_in
      FROM pairs p
      JOIN statement_trades t ON t.account = %(account)s AND t.trade IN (p.original, p.cancel)
     ORDER BY t.trade, p.original
), fees AS (
    SELECT t.original, t.day, t.paid_in, max(t.ts) AS ts, max(t.con_id) AS con_id,
           sum(coalesce(t.commission, 0) + coalesce(t.taxes, 0)) AS amount,
           CASE t.paid_in WHEN max(a.base_currency) THEN 1 WHEN max(t.currency) THEN max(t.rate_to_base) END AS rate
      FROM told t
      JOIN accounts a USING (account)
     GROUP BY t.original, t.day, t.paid_in
    HAVING sum(coalesce(t.commission, 0) + coalesce(t.taxes, 0)) <> 0
), found AS (
    SELECT 'flex:k:' || f.original || ':' || f.day || ':' || f.paid_in AS flow_id, f.ts, f.day, f.amount, f.paid_in, f.rate, c.con_id,
           c.symbol, CASE WHEN f.amount < 0 THEN 'Fee kept on a cancelled trade: ' ELSE 'Fee returned of a cancelled trade: ' END
                     || c.local_symbol AS description
      FROM fees f
      JOIN contracts c USING (con_id)
), gone AS (
    DELETE FROM cash_flows f
     WHERE f.account = %(account)s AND f.flow_id LIKE 'flex:k:%%' AND NOT EXISTS (SELECT FROM found n WHERE n.flow_id = f.flow_id)
)
INSERT INTO cash_flows AS f (account, flow_id, ts, session_date, kind, amount, currency, rate_to_base, base_amount, con_id, symbol,
                             description, source)
SELECT %(account)s, n.flow_id, n.ts, n.day, 'fee', n.amount, n.paid_in, n.rate, n.amount * n.rate, n.con_id, n.symbol, n.description,
       'statement'
  FROM found n
ON CONFLICT (account, flow_id) DO UPDATE
   SET ts = excluded.ts, amount = excluded.amount, rate_to_base = excluded.rate_to_base, base_amount = excluded.base_amount,
       description = excluded.description
