-- Idempotent: a fill seen again changes nothing, unless it brings what was not known (the commission comes later). What a statement
-- had first becomes the API's own, with what the statement alone knows.
INSERT INTO executions AS e (
    account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts, session_date, side,
    quantity, price, exchange, order_id, perm_id, client_id, order_ref, commission, commission_currency, realized_pnl)
SELECT account, base_exec_id, revision, false, exec_id, changed_revision, source, kind, con_id, ts, session_date, side,
       quantity, price, exchange, order_id, perm_id, client_id, order_ref, commission, commission_currency, realized_pnl
  FROM json_populate_recordset(NULL::executions, %(rows)s)
 ORDER BY account, base_exec_id, revision
ON CONFLICT (account, base_exec_id, revision) DO UPDATE
   SET commission = coalesce(excluded.commission, e.commission),
       commission_currency = coalesce(excluded.commission_currency, e.commission_currency),
       realized_pnl = coalesce(excluded.realized_pnl, e.realized_pnl),
       kind = CASE WHEN e.kind = 'trade' THEN excluded.kind ELSE e.kind END,
       source = excluded.source,
       exec_id = CASE e.source WHEN excluded.source THEN e.exec_id ELSE excluded.exec_id END,
       con_id = CASE e.source WHEN excluded.source THEN e.con_id ELSE excluded.con_id END,
       ts = CASE e.source WHEN excluded.source THEN e.ts ELSE excluded.ts END,
       session_date = CASE e.source WHEN excluded.source THEN e.session_date ELSE excluded.session_date END,
       side = CASE e.source WHEN excluded.source THEN e.side ELSE excluded.side END,
       quantity = CASE e.source WHEN excluded.source THEN e.quantity ELSE excluded.quantity END,
       price = CASE e.source WHEN excluded.source THEN e.price ELSE excluded.price END,
       exchange = CASE e.source WHEN excluded.source THEN e.exchange ELSE coalesce(excluded.exchange, e.exchange) END,
       order_id = CASE e.source WHEN excluded.source THEN e.order_id ELSE excluded.order_id END,
       perm_id = CASE e.source WHEN excluded.source THEN e.perm_id ELSE coalesce(excluded.perm_id, e.perm_id) END,
       client_id = CASE e.source WHEN excluded.source THEN e.client_id ELSE excluded.client_id END,
       order_ref = CASE e.source WHEN excluded.source THEN e.order_ref ELSE coalesce(excluded.order_ref, e.order_ref) END,
       changed_revision = excluded.changed_revision
 WHERE (coalesce(excluded.commission, e.commission), coalesce(excluded.realized_pnl, e.realized_pnl),
        CASE WHEN e.kind = 'trade' THEN excluded.kind ELSE e.kind END, excluded.source)
       IS DISTINCT FROM (e.commission, e.realized_pnl, e.kind, e.source)
