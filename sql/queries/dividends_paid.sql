-- Dividends per share of a stock or fund by ex-date: as the accruals of the statements have them, of those for which it was held; else as
-- the broker's ticker announced them.
WITH accrued AS (
    SELECT d.ex_date, max(d.gross / d.quantity) AS amount
      FROM dividend_accruals d
      JOIN contracts c USING (con_id)
     WHERE d.account = :account AND d.ex_date IS NOT NULL AND d.gross > 0 AND d.quantity > 0
       AND c.symbol = cast(:symbol AS text) AND d.currency = cast(:currency AS text)
     GROUP BY d.ex_date
)
SELECT a.ex_date, cast(a.amount AS double precision) AS amount FROM accrued a
UNION ALL
SELECT n.ex_date, n.amount
  FROM dividends_told n
 WHERE n.symbol = cast(:symbol AS text) AND n.currency = cast(:currency AS text)
   AND NOT EXISTS (SELECT FROM accrued a WHERE a.ex_date BETWEEN n.ex_date - 3 AND n.ex_date + 3)
 ORDER BY ex_date
