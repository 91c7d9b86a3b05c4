WITH gone AS (
    DELETE FROM positions_latest WHERE account = %(account)s AND con_id = ANY (%(con_ids)s)
    RETURNING account, con_id, quantity, avg_cost, underlying_price
)
INSERT INTO position_moves (account, con_id, ts, session_date, quantity_before, quantity, avg_cost_before, underlying_price)
SELECT account, con_id, now(), session_date_of(now()), quantity, 0, avg_cost, underlying_price FROM gone
ON CONFLICT DO NOTHING
