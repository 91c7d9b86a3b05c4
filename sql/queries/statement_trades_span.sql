-- What statements say was traded on some days, each with its contract.
SELECT t.*, c.con_id, c.symbol, c.local_symbol, c.sec_type, c.currency AS contract_currency, c.trading_class,
       c.exchange AS contract_exchange, c.expiry, c.strike, c."right", c.multiplier AS contract_multiplier
  FROM statement_trades t JOIN contracts c USING (con_id)
 WHERE t.account = %(account)s AND coalesce(t.report_date, t.trade_date) BETWEEN %(first)s AND %(last)s
 ORDER BY t.ts, t.trade
