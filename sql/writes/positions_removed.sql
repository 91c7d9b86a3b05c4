DELETE FROM positions_latest WHERE account = %(account)s AND con_id = ANY (%(con_ids)s)
