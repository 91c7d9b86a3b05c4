-- One account's holdings, streamed by COPY: the parameter is psycopg's, the text cells are safe for spreadsheets.
SELECT upper(a.source) AS source, p.account, p.con_id, csv_text(c.symbol) AS symbol,
       csv_text(c.local_symbol) AS local_symbol, csv_text(c.sec_type) AS sec_type,
       csv_text(c.trading_class) AS trading_class, c.expiry, c.strike, c."right", c.multiplier,
       csv_text(c.currency) AS currency, p.quantity, p.avg_cost, p.market_price, p.market_value, p.unrealized_pnl,
       p.realized_pnl, p.daily_pnl, p.delta, p.gamma, p.theta, p.vega, p.implied_vol, p.underlying_price,
       csv_time(p.as_of) AS as_of
  FROM positions_latest p
  JOIN accounts a USING (account)
  JOIN contracts c USING (con_id)
 WHERE p.account = %(account)s
 ORDER BY c.symbol, c.sec_type DESC, c.expiry, c.strike, c."right", p.con_id
