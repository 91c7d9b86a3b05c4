-- Idempotent: a fill seen again changes nothing, unless it brings what was not known (the commission comes later).
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
       changed_revision = excluded.changed_revision
 WHERE (coalesce(excluded.commission, e.commission), coalesce(excluded.realized_pnl, e.realized_pnl),
        CASE WHEN e.kind = 'trade' THEN excluded.kind ELSE e.kind END)
       IS DISTINCT FROM (e.commission, e.realized_pnl, e.kind)
