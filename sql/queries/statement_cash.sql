-- The cash report of a statement, by currency.
SELECT currency, starting, ending, parts FROM statement_cash WHERE statement = %(id)s
