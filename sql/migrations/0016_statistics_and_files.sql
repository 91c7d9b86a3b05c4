-- How trades are found by words, and what files and statistics are made of.

-- The filter of 0015, which looks for words in contracts first: `rest` are those that a contract lacks. Only these are looked for in each
-- execution.
CREATE OR REPLACE FUNCTION trades_wanted(of_account text, wanted jsonb) RETURNS SETOF trade_rows LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT t.*
            FROM trade_rows t
            LEFT JOIN (SELECT c.con_id,
                              ARRAY(SELECT p FROM unnest(word_patterns(wanted->>'text')) AS p
                                     WHERE lower(concat_ws(' ', c.symbol, c.local_symbol)) NOT LIKE p) AS patterns
                         FROM contracts c
                        WHERE lower(concat_ws(' ', c.symbol, c.local_symbol)) LIKE ANY (word_patterns(wanted->>'text'))) AS rest
              USING (con_id)
           WHERE t.account = of_account
             AND (wanted->>'symbol' IS NULL OR t.symbol = wanted->>'symbol')
             AND (wanted->>'sec_type' IS NULL OR t.sec_type = wanted->>'sec_type')
             AND (wanted->>'side' IS NULL OR t.side = wanted->>'side')
             AND (wanted->>'strategy' IS NULL OR coalesce(t.strategy, '') = wanted->>'strategy')
             AND (wanted->>'from' IS NULL OR t.session_date >= cast(wanted->>'from' AS date))
             AND (wanted->>'to' IS NULL OR t.session_date <= cast(wanted->>'to' AS date))
             AND (wanted->>'tag' IS NULL OR wanted->>'tag' = ANY (t.tags))
             AND (wanted->>'noted' IS NULL
                  OR cast(wanted->>'noted' AS boolean) = (t.note <> '' OR t.tags <> '{}' OR t.excluded))
             AND (wanted->>'text' IS NULL
                  OR lower(concat_ws(' ', t.kind, t.order_ref, t.exec_id, t.strategy, t.note,
                                     CASE WHEN t.tags <> '{}' THEN array_to_string(t.tags, ' ') END))
                     LIKE ALL (coalesce(rest.patterns, word_patterns(wanted->>'text')))) $$;

-- A text cell that no spreadsheet runs as a formula, also behind blanks that it trims, and full-width as some locales write it.
-- dashboard/exports/cells.py has the same rule.
CREATE OR REPLACE FUNCTION csv_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN value ~ '^([\t\r\n]|[ \t\r\n\v\f\u00a0\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20\u2212])'
                      THEN '''' || value ELSE value END $$;

-- `trades`, `closed` and `wins` count everything, as do samples of any day. What of it notes leave out of statistics, by trading day:
-- {"2026-01-05": {"trades": 2, "closed": 1, "wins": 1}}.
ALTER TABLE strategy_latest ADD COLUMN left_out jsonb NOT NULL DEFAULT '{}';

-- Trades that a later statement takes back. A correction may have the trade id of what it corrects: a cancellation means the trade of its
-- size and price.
CREATE VIEW cancelled_trades AS
SELECT o.account, o.trade
  FROM statement_trades c
  JOIN statement_trades o ON o.account = c.account AND o.trade_id = c.cancels AND o.cancels IS NULL
 WHERE c.cancels IS NOT NULL
   AND ((o.quantity, o.price) = (-c.quantity, c.price)
        OR NOT EXISTS (SELECT FROM statement_trades f
                        WHERE f.account = c.account AND f.trade_id = c.cancels AND f.cancels IS NULL
                          AND (f.quantity, f.price) = (-c.quantity, c.price)));
