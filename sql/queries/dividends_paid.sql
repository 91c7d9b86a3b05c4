-- Dividends per share of a stock or fund by ex-date, as the accruals of the statements have them: those for which it was held.
SELECT d.ex_date, max(d.gross / d.quantity) AS amount
  FROM dividend_accruals d
  JOIN contracts c USING (con_id)
 WHERE d.account = :account AND d.ex_date IS NOT NULL AND d.gross > 0 AND d.quantity > 0
   AND c.symbol = cast(:symbol AS text) AND d.currency = cast(:currency AS text)
 GROUP BY d.ex_date
 ORDER BY d.ex_date
