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
       p.as_of,
       p.changed_revision
  FROM state
  LEFT JOIN (positions_latest p JOIN contracts c USING (con_id))
    ON p.account = :account AND p.changed_revision > :since
WINDOW sorted AS (ORDER BY c.symbol, c.sec_type DESC, c.expiry, c.strike, c."right", p.con_id)
 ORDER BY c.symbol, c.sec_type DESC, c.expiry, c.strike, c."right", p.con_id
