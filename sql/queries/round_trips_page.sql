-- A page of round trips within a filter, each with its contract, in one order: :sort 'time' (of the opening) or a column,
-- :is_descending; not known comes last. It begins after the last row of the page before (null: at the
-- first row), or at :offset.
SELECT state.revision, state.folded_at, e.*
  FROM (SELECT (SELECT b.revision FROM book_state b WHERE b.account = :account) AS revision,
               (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at) AS state
  LEFT JOIN LATERAL (
       SELECT page.place, page.word, page.figure, t.*,
              (SELECT count(*) - 1 FROM round_trips x WHERE x.account = t.account AND x.chain = t.chain) AS rolls,
              t.ended_by = 'trade' AND EXISTS (
                  SELECT FROM round_trips x
                   WHERE x.account = t.account AND x.chain = t.chain AND x.opened > t.opened
                     AND x.opened BETWEEN t.closed - interval '10 minutes' AND t.closed + interval '10 minutes') AS is_rolled,
              EXISTS (SELECT FROM cycle_placements p WHERE p.account = t.account AND p.key = ANY (t.executions)) AS is_by_hand
         FROM (SELECT row_number() OVER () AS place, sorted.* FROM (
       SELECT t.id, k.word, k.figure
         FROM round_trips_wanted(:account, cast(:wanted AS jsonb)) t
        CROSS JOIN LATERAL (
              SELECT CASE cast(:sort AS text) WHEN 'symbol' THEN t.symbol WHEN 'strategy' THEN t.strategy
                     WHEN 'ended_by' THEN t.ended_by END AS word,
                     CASE cast(:sort AS text) WHEN 'closed' THEN extract(epoch FROM t.closed)
                     WHEN 'holding_s' THEN extract(epoch FROM t.closed - t.opened) WHEN 'quantity' THEN t.quantity
                     WHEN 'peak' THEN t.peak WHEN 'dte' THEN t.dte WHEN 'gross' THEN t.gross WHEN 'fees' THEN t.fees
                     WHEN 'net' THEN t.net
                     WHEN 'total_return' THEN CASE WHEN t.closed IS NOT NULL THEN t.net / nullif(t.base, 0) END END AS figure) AS k
        WHERE cast(:before_id AS bigint) IS NULL
           OR (k.word IS NOT DISTINCT FROM cast(:before_word AS text)
               AND k.figure IS NOT DISTINCT FROM cast(:before_figure AS numeric)
               AND CASE WHEN cast(:is_descending AS boolean)
                        THEN (t.opened, t.id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint))
                        ELSE (t.opened, t.id) > (cast(:before_ts AS timestamptz), cast(:before_id AS bigint)) END)
           OR (cast(:before_word AS text) IS NOT NULL
               AND (k.word IS NULL OR CASE WHEN cast(:is_descending AS boolean) THEN k.word < cast(:before_word AS text)
                                           ELSE k.word > cast(:before_word AS text) END))
           OR (cast(:before_figure AS numeric) IS NOT NULL
               AND (k.figure IS NULL OR CASE WHEN cast(:is_descending AS boolean) THEN k.figure < cast(:before_figure AS numeric)
                                             ELSE k.figure > cast(:before_figure AS numeric) END))
        ORDER BY CASE WHEN cast(:is_descending AS boolean) THEN k.word END DESC NULLS LAST,
                 CASE WHEN cast(:is_descending AS boolean) THEN k.figure END DESC NULLS LAST,
                 CASE WHEN cast(:is_descending AS boolean) THEN t.opened END DESC,
                 CASE WHEN cast(:is_descending AS boolean) THEN t.id END DESC,
                 k.word, k.figure, t.opened, t.id
        LIMIT :limit OFFSET :offset) AS sorted) AS page
         JOIN round_trip_rows t USING (id)) AS e ON true
 ORDER BY e.place
