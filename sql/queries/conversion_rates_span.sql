-- The statements' exchange rates of some days.
SELECT day, currency, to_currency, rate FROM conversion_rates WHERE day BETWEEN %(first)s AND %(last)s ORDER BY day
