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
    RETURNING d.symbol, d.currency, d.next_date, d.next_amount, d.as_of
), moved AS ( -- another day was announced for what is still to come
    DELETE FROM dividends_told n
     USING told
     WHERE n.symbol = told.symbol AND n.currency = told.currency AND told.next_date IS NOT NULL AND n.ex_date <> told.next_date
       AND n.ex_date > (told.as_of AT TIME ZONE 'America/New_York')::date
), announced AS (
    INSERT INTO dividends_told AS n
    SELECT told.symbol, told.currency, told.next_date, told.next_amount, told.as_of
      FROM told
     WHERE told.next_date IS NOT NULL AND told.next_amount > 0
    ON CONFLICT (symbol, currency, ex_date) DO UPDATE SET amount = excluded.amount, as_of = excluded.as_of
)
UPDATE positions_latest p
   SET changed_revision = %(revision)s
  FROM contracts c, told
 WHERE p.account = %(account)s AND c.con_id = p.con_id AND c.sec_type = 'OPT' AND c.symbol = told.symbol AND c.currency = told.currency
