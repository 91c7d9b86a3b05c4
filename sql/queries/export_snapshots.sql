-- One account's samples as they were stored, oldest first, streamed by COPY: the parameter is psycopg's.
SELECT upper(a.source) AS source, s.account, csv_time(s.ts) AS time, csv_time(s.as_of) AS as_of, s.session_date,
       csv_text(s.currency) AS currency, s.net_liquidation, s.cash, s.available_funds, s.buying_power, s.excess_liquidity,
       s.initial_margin, s.maintenance_margin, s.cushion, s.gross_position_value, s.daily_pnl, s.unrealized_pnl, s.realized_pnl
  FROM portfolio_snapshots s
  JOIN accounts a USING (account)
 WHERE s.account = %(account)s
 ORDER BY s.ts
