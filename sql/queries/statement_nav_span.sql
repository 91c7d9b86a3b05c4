-- Net asset values of some days and of the last one before them.
SELECT n.* FROM statement_nav n WHERE n.account = %(account)s AND n.day BETWEEN %(before)s AND %(last)s ORDER BY n.day
