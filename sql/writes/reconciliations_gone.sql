-- Trust reports of statements that don't count any more.
DELETE FROM reconciliations r WHERE r.account = %(account)s AND NOT r.statement = ANY (%(kept)s)
