-- What strategies had earned at the close of each trading day of a span, oldest first.
SELECT h.strategy, h.session_date, h.currency, h.pnl_total_close AS pnl_total, h.pnl_day_close AS pnl_day, h.premium, h.fees,
       h.capital_at_risk, h.exposure, h.trades, h.closed, h.wins
  FROM strategy_history h
 WHERE h.resolution = '1d'
   AND h.account = :account
   AND h.strategy = ANY (cast(:names AS text[]))
   AND h.session_date BETWEEN :first_day AND :last_day
 ORDER BY h.session_date, h.strategy
