-- Exercises, assignments and expiries that statements tell of some days, each with its contract.
SELECT e.*, c.con_id, c.symbol, c.local_symbol, c.sec_type, c.currency AS contract_currency, c.trading_class,
       c.exchange AS contract_exchange, c.expiry, c.strike, c."right", c.multiplier AS contract_multiplier FROM statement_option_events e JOIN contracts c USING (con_id)
 WHERE e.account = %(account)s AND e.day BETWEEN %(first)s AND %(last)s
