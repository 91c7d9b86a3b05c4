-- The dividends that were due at the end of a statement.
SELECT a.*, c.symbol FROM dividend_accruals a JOIN contracts c USING (con_id) WHERE a.statement = %(id)s
