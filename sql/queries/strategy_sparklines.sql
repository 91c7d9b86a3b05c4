-- Total P&L at the close of each trading day since :since, by strategy.
SELECT h.strategy, h.session_date, h.pnl_total_close AS close
  FROM strategy_history h
 WHERE h.resolution = '1d' AND h.account = :account AND h.session_date >= cast(:since AS date)
 ORDER BY h.strategy, h.session_date
