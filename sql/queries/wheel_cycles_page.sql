-- A page of wheel cycles, newest first, with what is open of each at the newest marks (null where one isn't known) and the
-- broker's own average cost of its shares; :before_ts and :before_id are the last row of the page before, the id is that of
-- the cycle's first round trip. :symbol and :strategy null: whatever; :state 'all', 'open' or 'closed'.
SELECT state.revision, state.folded_at, w.*, open.value AS open_value, held.quantity AS held, held.avg_cost
  FROM (SELECT (SELECT b.revision FROM book_state b WHERE b.account = :account) AS revision,
               (SELECT b.folded_at FROM book_state b WHERE b.account = :account) AS folded_at) AS state
  LEFT JOIN LATERAL (
       SELECT x.*, r.id
         FROM wheel_cycles x
         JOIN round_trips r ON r.account = x.account AND r.trip = x.cycle
        WHERE x.account = :account
          AND (cast(:symbol AS text) IS NULL OR x.symbol = :symbol)
          AND (cast(:strategy AS text) IS NULL OR x.strategy = :strategy)
          AND (:state = 'all' OR (x.closed IS NULL) = (:state = 'open'))
          AND (x.opened, r.id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint))
        ORDER BY x.opened DESC, r.id DESC
        LIMIT :limit) AS w ON true
  LEFT JOIN LATERAL (
       SELECT CASE WHEN count(*) = count(p.market_price)
                   THEN coalesce(sum(r.quantity * cast(p.market_price AS numeric) * cast(c.multiplier AS numeric)), 0) END AS value
         FROM round_trips r
         JOIN contracts c USING (con_id)
         LEFT JOIN positions_latest p ON p.account = r.account AND p.con_id = r.con_id
        WHERE r.account = w.account AND r.cycle = w.cycle AND r.closed IS NULL) AS open ON true
  LEFT JOIN LATERAL (
       SELECT p.quantity, p.avg_cost
         FROM round_trips r
         JOIN contracts c USING (con_id)
         JOIN positions_latest p ON p.account = r.account AND p.con_id = r.con_id
        WHERE r.account = w.account AND r.cycle = w.cycle AND r.closed IS NULL AND c.sec_type = 'STK'
        ORDER BY r.opened
        LIMIT 1) AS held ON true
 ORDER BY w.opened DESC, w.id DESC
