-- Bookings of corporate actions that no statement has any more.
UPDATE executions SET effective = false, changed_revision = %(revision)s
 WHERE account = %(account)s AND kind = 'corporate' AND effective AND NOT base_exec_id = ANY (%(kept)s)
