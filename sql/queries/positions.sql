-- The held contracts that changed after :since (all of them for 0), the revision, and which are held at all: what is gone is
-- what the reader has beyond these. The first row carries that list; its con_id is null when nothing changed.
WITH state AS (
    SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'positions'), 0) AS revision,
           coalesce((SELECT array_agg(l.con_id) FROM positions_latest l WHERE l.account = :account), '{}') AS held
)
SELECT state.revision,
       CASE WHEN row_number() OVER sorted = 1 THEN state.held END AS held,
       p.con_id,
       c.symbol,
       c.local_symbol,
       c.sec_type,
       c.trading_class,
       c.expiry,
       c.strike,
       c."right",
       c.multiplier,
       c.currency,
       p.quantity,
       p.avg_cost,
       p.market_price,
       p.market_value,
       p.unrealized_pnl,
       p.realized_pnl,
       p.daily_pnl,
       p.delta,
       p.gamma,
       p.theta,
       p.vega,
       p.implied_vol,
       p.underlying_price,
       b.strategy,
       b.cycle,
       b.stage,
       d.next_date AS dividend_date,
       d.next_amount AS dividend,
       d.as_of AS dividend_as_of,
       -- The last session whose holders get it: when a short call may be exercised for it.
       CASE WHEN c."right" = 'C' AND p.quantity < 0
            THEN (SELECT max(m.session_date) FROM market_sessions m WHERE m.session_date < d.next_date) END AS last_cum_day,
       p.as_of,
       p.changed_revision
  FROM state
  LEFT JOIN (positions_latest p JOIN contracts c USING (con_id))
    ON p.account = :account AND p.changed_revision > :since
  LEFT JOIN dividend_outlooks d ON c.sec_type = 'OPT' AND d.symbol = c.symbol AND d.currency = c.currency
  -- Whose it is: of the open round trip that began last, and the stage of its wheel cycle.
  LEFT JOIN LATERAL (
       SELECT t.strategy, t.cycle, w.stage
         FROM round_trips t
         LEFT JOIN wheel_cycles w ON w.account = t.account AND w.cycle = t.cycle
        WHERE t.account = p.account AND t.con_id = p.con_id AND t.closed IS NULL
        ORDER BY t.opened DESC, t.id DESC
        LIMIT 1) AS b ON true
WINDOW sorted AS (ORDER BY c.symbol, c.sec_type DESC, c.expiry, c.strike, c."right", p.con_id)
 ORDER BY c.symbol, c.sec_type DESC, c.expiry, c.strike, c."right", p.con_id
