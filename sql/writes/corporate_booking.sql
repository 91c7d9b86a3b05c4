-- A corporate action that moves a position, booked as it stands; the same again changes nothing.
INSERT INTO executions AS e (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,
    session_date, side, quantity, price)
VALUES (%(account)s, %(base)s, 1, true, %(base)s, %(revision)s, 'statement', 'corporate', %(con_id)s, %(ts)s, %(day)s, %(side)s,
    %(quantity)s, %(price)s)
ON CONFLICT (account, base_exec_id, revision) DO UPDATE
   SET con_id = excluded.con_id, ts = excluded.ts, session_date = excluded.session_date, side = excluded.side,
       quantity = excluded.quantity, price = excluded.price, effective = true, changed_revision = excluded.changed_revision
 WHERE (e.con_id, e.ts, e.side, e.quantity, e.price, e.effective)
       IS DISTINCT FROM (excluded.con_id, excluded.ts, excluded.side, excluded.quantity, excluded.price, true)
