UPDATE outages SET ended = %(ended)s
 WHERE account = %(account)s AND kind = ANY (%(kinds)s) AND ended IS NULL AND started <= %(ended)s
