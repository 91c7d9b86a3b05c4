-- The lots that were closed by what statements say was traded on some days.
SELECT l.* FROM statement_lots l JOIN statement_trades t ON t.account = l.account AND t.trade = l.trade
 WHERE t.account = %(account)s AND coalesce(t.report_date, t.trade_date) BETWEEN %(first)s AND %(last)s
