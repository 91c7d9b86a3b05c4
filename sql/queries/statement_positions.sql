-- What a statement says was held at its end, each with its contract.
SELECT p.*, c.con_id, c.symbol, c.local_symbol, c.sec_type, c.currency AS contract_currency, c.trading_class,
       c.exchange AS contract_exchange, c.expiry, c.strike, c."right", c.multiplier AS contract_multiplier
  FROM statement_positions p JOIN contracts c USING (con_id)
 WHERE p.statement = %(id)s
