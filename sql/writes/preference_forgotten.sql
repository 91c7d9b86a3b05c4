DELETE FROM preferences
 WHERE user_id IS NOT DISTINCT FROM %(reader)s::bigint AND page = %(page)s
