-- Net liquidation at the close of some days.
SELECT a.session_date, a.net_liquidation_close FROM portfolio_1d a
 WHERE a.account = %(account)s AND a.session_date BETWEEN %(first)s AND %(last)s AND a.net_liquidation_close IS NOT NULL
