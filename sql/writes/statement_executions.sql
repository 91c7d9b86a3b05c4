-- The executions that statements have, for `bases`. What the API said stays, the statement completes it; of the broker's own
-- bookings the statement's words count. A trade that the statements take back counts as nothing.
WITH said AS (
    SELECT t.*, t.trade IN (SELECT k.trade FROM cancelled_trades k WHERE k.account = %(account)s) AS is_cancelled,
           coalesce(CASE WHEN t.exec_id <> t.base_exec_id THEN substring(t.exec_id FROM '\.([0-9]+)$')::integer END,
                    (SELECT max(e.revision) FROM executions e
                      WHERE e.account = t.account AND e.base_exec_id = t.base_exec_id AND e.source = 'api'), 1) AS revision
      FROM statement_trades t
     WHERE t.account = %(account)s AND t.base_exec_id = ANY (%(bases)s) AND t.cancels IS NULL AND NOT t.is_conversion
), counted AS (
    SELECT DISTINCT ON (base_exec_id, revision) s.*,
           bool_and(is_cancelled) OVER (PARTITION BY base_exec_id) AS is_over, max(revision) OVER (PARTITION BY base_exec_id) AS newest
      FROM said s
     ORDER BY base_exec_id, revision, is_cancelled, trade
), rows AS (
    SELECT base_exec_id, revision, abs(quantity) AS quantity, exec_id, kind, con_id, ts, session_date, quantity > 0 AS is_bought, price, exchange,
           order_id, order_ref, commission, taxes, commission_currency, realized_pnl
      FROM counted
    UNION ALL
    SELECT base_exec_id, 1000 + revision, 0, exec_id, kind, con_id, ts, session_date, quantity > 0, price, exchange,
           order_id, order_ref, NULL, NULL, NULL, NULL
      FROM counted
     WHERE is_over AND revision = newest
)
INSERT INTO executions AS e (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts, session_date,
    side, quantity, price, exchange, perm_id, order_ref, commission, commission_currency, realized_pnl)
SELECT %(account)s, r.base_exec_id, r.revision, false, coalesce(r.exec_id, r.base_exec_id), %(revision)s, 'statement', r.kind, r.con_id,
       r.ts, r.session_date, CASE WHEN r.is_bought THEN 'BOT' ELSE 'SLD' END, r.quantity, r.price, nullif(r.exchange, '--'),
       CASE WHEN r.order_id ~ '^[0-9]{1,18}$' THEN nullif(r.order_id::bigint, 0) END, r.order_ref,
       -(r.commission + coalesce(r.taxes, 0)), CASE WHEN r.commission IS NOT NULL THEN r.commission_currency END, r.realized_pnl
  FROM rows r
 ORDER BY r.base_exec_id, r.revision
ON CONFLICT (account, base_exec_id, revision) DO UPDATE
   SET kind = CASE WHEN excluded.kind <> 'trade' OR e.source = 'statement' THEN excluded.kind ELSE e.kind END,
       commission = CASE WHEN e.source = 'api' AND e.order_id IS NOT NULL THEN coalesce(e.commission, excluded.commission)
                         ELSE coalesce(excluded.commission, e.commission) END,
       commission_currency = CASE WHEN e.source = 'api' AND e.order_id IS NOT NULL AND e.commission IS NOT NULL THEN e.commission_currency
                                  ELSE coalesce(excluded.commission_currency, e.commission_currency) END,
       realized_pnl = CASE WHEN e.source = 'api' AND e.order_id IS NOT NULL THEN coalesce(e.realized_pnl, excluded.realized_pnl)
                           ELSE coalesce(excluded.realized_pnl, e.realized_pnl) END,
       perm_id = coalesce(CASE WHEN e.source = 'api' THEN e.perm_id END, excluded.perm_id),
       order_ref = coalesce(CASE WHEN e.source = 'api' THEN e.order_ref END, excluded.order_ref),
       exchange = coalesce(CASE WHEN e.source = 'api' THEN e.exchange END, excluded.exchange),
       con_id = CASE e.source WHEN 'api' THEN e.con_id ELSE excluded.con_id END,
       ts = CASE e.source WHEN 'api' THEN e.ts ELSE excluded.ts END,
       session_date = CASE e.source WHEN 'api' THEN e.session_date ELSE excluded.session_date END,
       side = CASE e.source WHEN 'api' THEN e.side ELSE excluded.side END,
       quantity = CASE e.source WHEN 'api' THEN e.quantity ELSE excluded.quantity END,
       price = CASE e.source WHEN 'api' THEN e.price ELSE excluded.price END,
       changed_revision = excluded.changed_revision
