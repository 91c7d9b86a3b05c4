-- A contract's words may come in pieces: what is known stays where the newer report lacks it.
INSERT INTO contracts AS c
SELECT * FROM json_populate_recordset(NULL::contracts, %(rows)s)
ON CONFLICT (con_id) DO UPDATE
   SET symbol = excluded.symbol,
       local_symbol = coalesce(nullif(excluded.local_symbol, ''), c.local_symbol),
       sec_type = excluded.sec_type,
       trading_class = coalesce(excluded.trading_class, c.trading_class),
       exchange = coalesce(excluded.exchange, c.exchange),
       expiry = coalesce(excluded.expiry, c.expiry),
       strike = coalesce(excluded.strike, c.strike),
       "right" = coalesce(excluded."right", c."right"),
       multiplier = excluded.multiplier,
       currency = excluded.currency
