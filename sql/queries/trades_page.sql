-- A page of effective executions within a filter, in one order: :sort 'time' or a column, :is_descending; not known comes last.
-- It begins after the last row of the page before (null: at the
-- first row), or at :offset.
SELECT state.revision, e.*
  FROM (SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'trades'), 0) AS revision)
       AS state
  LEFT JOIN LATERAL (
       SELECT page.place, page.word, page.figure, t.id, t.exec_id, t.ts, t.session_date, t.account, t.con_id, t.side, t.quantity,
              t.price, t.kind, t.exchange, t.order_id, t.perm_id, t.client_id, t.order_ref, t.commission, t.commission_currency,
              t.realized_pnl, t.strategy, t.changed_revision, t.symbol, t.local_symbol, t.sec_type, t.expiry, t.strike, t."right",
              t.multiplier, t.currency, t.note, t.tags, t.excluded,
              (SELECT count(*) FROM executions y
                WHERE y.account = t.account AND y.base_exec_id = t.base_exec_id AND y.revision < t.revision) AS correction
         FROM (SELECT row_number() OVER () AS place, sorted.* FROM (
       SELECT t.id, k.word, k.figure
         FROM trades_wanted(:account, cast(:wanted AS jsonb)) t
        CROSS JOIN LATERAL (
              SELECT CASE cast(:sort AS text) WHEN 'symbol' THEN t.symbol WHEN 'side' THEN t.side WHEN 'strategy' THEN t.strategy
                     WHEN 'kind' THEN t.kind END AS word,
                     CASE cast(:sort AS text) WHEN 'quantity' THEN t.quantity WHEN 'price' THEN t.price
                     WHEN 'commission' THEN t.commission WHEN 'realized_pnl' THEN t.realized_pnl END AS figure) AS k
        WHERE cast(:before_id AS bigint) IS NULL
           OR (k.word IS NOT DISTINCT FROM cast(:before_word AS text)
               AND k.figure IS NOT DISTINCT FROM cast(:before_figure AS numeric)
               AND CASE WHEN cast(:is_descending AS boolean)
                        THEN (t.ts, t.id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint))
                        ELSE (t.ts, t.id) > (cast(:before_ts AS timestamptz), cast(:before_id AS bigint)) END)
           OR (cast(:before_word AS text) IS NOT NULL
               AND (k.word IS NULL OR CASE WHEN cast(:is_descending AS boolean) THEN k.word < cast(:before_word AS text)
                                           ELSE k.word > cast(:before_word AS text) END))
           OR (cast(:before_figure AS numeric) IS NOT NULL
               AND (k.figure IS NULL OR CASE WHEN cast(:is_descending AS boolean) THEN k.figure < cast(:before_figure AS numeric)
                                             ELSE k.figure > cast(:before_figure AS numeric) END))
        ORDER BY CASE WHEN cast(:is_descending AS boolean) THEN k.word END DESC NULLS LAST,
                 CASE WHEN cast(:is_descending AS boolean) THEN k.figure END DESC NULLS LAST,
                 CASE WHEN cast(:is_descending AS boolean) THEN t.ts END DESC,
                 CASE WHEN cast(:is_descending AS boolean) THEN t.id END DESC,
                 k.word, k.figure, t.ts, t.id
        LIMIT :limit OFFSET :offset) AS sorted) AS page
         JOIN trade_rows t USING (id)) AS e ON true
 ORDER BY e.place
