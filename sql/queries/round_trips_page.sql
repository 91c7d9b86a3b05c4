-- A page of round trips, newest first, each with its contract; :before_ts and :before_id are the last row of the page before.
-- :symbol and :strategy null: whatever; :state 'all', 'open' or 'closed'; :cycle null, or the trips of one wheel cycle.
SELECT state.revision, state.folded_at, t.*
  FROM (SELECT (SELECT b.revision FROM book_state b WHERE b.account = :account) AS revision,
               (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at) AS state
  LEFT JOIN LATERAL (
       SELECT r.*, c.symbol, c.local_symbol, c.sec_type, c.expiry, c.strike, c."right", c.multiplier, c.currency
         FROM round_trips r
         JOIN contracts c USING (con_id)
        WHERE r.account = :account
          AND (cast(:symbol AS text) IS NULL OR c.symbol = :symbol)
          AND (cast(:strategy AS text) IS NULL OR r.strategy = :strategy)
          AND (cast(:cycle AS text) IS NULL OR r.cycle = :cycle)
          AND (:state = 'all' OR (r.closed IS NULL) = (:state = 'open'))
          AND (r.opened, r.id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint))
        ORDER BY r.opened DESC, r.id DESC
        LIMIT :limit) AS t ON true
 ORDER BY t.opened DESC, t.id DESC
