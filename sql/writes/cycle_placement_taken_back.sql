DELETE FROM cycle_placements WHERE account = %(account)s AND key = %(key)s RETURNING key
