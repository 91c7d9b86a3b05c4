-- What the broker's ticker says of an underlying's dividends.
SELECT symbol, currency, next_date, next_amount, past_12_months, next_12_months, as_of
  FROM dividend_outlooks
 WHERE symbol = :symbol AND currency = :currency
