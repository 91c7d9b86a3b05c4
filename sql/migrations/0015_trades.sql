-- Trades as they are shown: with what is written beside them, and one filter for pages, REST and files.

-- Of a short option, each sale with its end, first in first out: opened, closed (null: open), expiry, premium, buy_back, fees.
ALTER TABLE round_trips ADD COLUMN sold jsonb NOT NULL DEFAULT '[]';

-- Effective executions. `filled_order`: the same for every leg and part of one order.
CREATE VIEW trade_rows AS
SELECT e.id, e.exec_id, e.ts, e.session_date, e.account, e.con_id, e.side, e.quantity, e.price, e.kind, e.exchange, e.order_id,
       e.perm_id, e.client_id, e.order_ref, e.commission, e.commission_currency, e.realized_pnl, e.strategy, e.changed_revision,
       e.base_exec_id, e.revision,
       coalesce(nullif(e.perm_id, 0)::text, nullif(e.order_id, 0) || '@' || e.client_id || '@' || e.session_date, e.base_exec_id)
           AS filled_order,
       c.symbol, c.local_symbol, c.sec_type, c.expiry, c.strike, c."right", c.multiplier, c.currency,
       coalesce(n.note, '') AS note, coalesce(n.tags, '{}') AS tags, coalesce(n.excluded, false) AS excluded
  FROM executions e
  LEFT JOIN contracts c USING (con_id)
  LEFT JOIN notes n ON n.account = e.account AND n.subject = 'execution' AND n.key = e.base_exec_id
 WHERE e.effective;

CREATE VIEW round_trip_rows AS
SELECT r.*, c.symbol, c.local_symbol, c.sec_type, c.expiry, c.strike, c."right", c.multiplier, c.currency,
       coalesce(n.note, '') AS note, coalesce(n.tags, '{}') AS tags, coalesce(n.excluded, false) AS excluded
  FROM round_trips r
  LEFT JOIN contracts c USING (con_id)
  LEFT JOIN (SELECT DISTINCT ON (t.account, t.trip) t.account, t.trip, t.note, t.tags, t.excluded
               FROM round_trip_notes t
              ORDER BY t.account, t.trip, t.updated_at DESC) AS n USING (account, trip);

-- The words of `wanted` as patterns of LIKE, in small letters. Of a constant the planner makes a constant.
CREATE FUNCTION word_patterns(wanted text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY(SELECT '%' || regexp_replace(lower(word), '([\\%_])', '\\\1', 'g') || '%'
                         FROM unnest(string_to_array(wanted, ' ')) AS word) $$;

-- The filter (data/trade_filter.py): what it doesn't name is whatever. SQL that the planner puts into the query that asks, where
-- what isn't wanted costs nothing.
CREATE FUNCTION trades_wanted(of_account text, wanted jsonb) RETURNS SETOF trade_rows LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT t.*
            FROM trade_rows t
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
                  OR lower(concat_ws(' ', t.symbol, t.local_symbol, t.kind, t.order_ref, t.exec_id, t.strategy, t.note,
                                     array_to_string(t.tags, ' '))) LIKE ALL (word_patterns(wanted->>'text'))) $$;

-- A round trip is of the day that it was opened on, and of the side of what opened it: SLD is a short one.
CREATE FUNCTION round_trips_wanted(of_account text, wanted jsonb) RETURNS SETOF round_trip_rows LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT r.*
            FROM round_trip_rows r
           WHERE r.account = of_account
             AND (wanted->>'symbol' IS NULL OR r.symbol = wanted->>'symbol')
             AND (wanted->>'sec_type' IS NULL OR r.sec_type = wanted->>'sec_type')
             AND (wanted->>'side' IS NULL OR r.direction = CASE wanted->>'side' WHEN 'BOT' THEN 1 ELSE -1 END)
             AND (wanted->>'strategy' IS NULL OR coalesce(r.strategy, '') = wanted->>'strategy')
             AND (wanted->>'from' IS NULL OR r.opened_on >= cast(wanted->>'from' AS date))
             AND (wanted->>'to' IS NULL OR r.opened_on <= cast(wanted->>'to' AS date))
             AND (wanted->>'tag' IS NULL OR wanted->>'tag' = ANY (r.tags))
             AND (wanted->>'noted' IS NULL
                  OR cast(wanted->>'noted' AS boolean) = (r.note <> '' OR r.tags <> '{}' OR r.excluded))
             AND (wanted->>'text' IS NULL
                  OR lower(concat_ws(' ', r.symbol, r.local_symbol, r.ended_by, r.strategy, r.note,
                                     array_to_string(r.tags, ' '))) LIKE ALL (word_patterns(wanted->>'text')))
             AND (wanted->>'state' IS NULL OR (r.closed IS NULL) = (wanted->>'state' = 'open'))
             AND (wanted->>'cycle' IS NULL OR r.cycle = wanted->>'cycle') $$;

-- Round trips that a note of theirs, of one of their executions or of their underlying leaves out of statistics.
CREATE VIEW trips_left_out AS
SELECT n.account, n.trip FROM round_trip_notes n WHERE n.excluded AND n.trip IS NOT NULL
UNION
SELECT n.account, r.trip
  FROM notes n
  JOIN contracts c ON c.symbol = n.key
  JOIN round_trips r ON r.account = n.account AND r.con_id = c.con_id
 WHERE n.subject = 'underlying' AND n.excluded
UNION
SELECT n.account, r.trip
  FROM notes n
  JOIN executions e ON e.account = n.account AND e.base_exec_id = n.key AND e.effective
  JOIN round_trips r ON r.account = n.account AND r.con_id = e.con_id AND n.key = ANY (r.executions)
 WHERE n.subject = 'execution' AND n.excluded;
