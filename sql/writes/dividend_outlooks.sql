-- What the options on these underlyings come to is another than before: they are read again.
WITH told AS (
    INSERT INTO dividend_outlooks AS d
    SELECT * FROM json_populate_recordset(NULL::dividend_outlooks, %(rows)s) ORDER BY symbol, currency
    ON CONFLICT (symbol, currency) DO UPDATE
       SET past_12_months = excluded.past_12_months,
           next_12_months = excluded.next_12_months,
           next_date = excluded.next_date,
           next_amount = excluded.next_amount,
           as_of = excluded.as_of
     WHERE excluded.as_of >= d.as_of
    RETURNING d.symbol, d.currency
)
UPDATE positions_latest p
   SET changed_revision = %(revision)s
  FROM contracts c, told
 WHERE p.account = %(account)s AND c.con_id = p.con_id AND c.sec_type = 'OPT' AND c.symbol = told.symbol AND c.currency = told.currency
