-- A page of the decision ledger, newest first: what bots decided with the order it became and its fills, and orders of a bot's
-- client id for which it kept no decision (kind orphan; their id is beyond every decision's). Orphans are looked for in the
-- page's own span of time.
WITH decided AS MATERIALIZED (
    SELECT d.id, d.ts, d.bot, d.strategy, d.kind, d.symbol, d.contract, d.action, d.quantity, d.limit_price,
           (d.bid + d.ask) / 2 AS mid, d.reason, d.order_ref, coalesce(d.account, b.account) AS account, d.perm_id
      FROM decisions d
      JOIN bots b USING (bot)
     WHERE (d.ts, d.id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint))
       AND (cast(:strategy AS text) IS NULL OR d.strategy = :strategy)
       AND (cast(:symbol AS text) IS NULL OR d.symbol = :symbol)
       AND (cast(:kind AS text) IS NULL OR d.kind = :kind)
       AND coalesce(:kind, '') <> 'orphan'
       AND (cast(:account AS text) IS NULL OR coalesce(d.account, b.account, :account) = :account)
     ORDER BY d.ts DESC, d.id DESC
     LIMIT :limit
), span AS (
    SELECT CASE WHEN count(*) < :limit THEN '-infinity' ELSE min(ts) END AS since FROM decided
), orphans AS MATERIALIZED (
    SELECT 4611686018427387904 + o.perm_id AS id, o.as_of AS ts, b.bot, o.strategy, 'orphan' AS kind, o.symbol,
           c.local_symbol AS contract, o.action, o.quantity, o.limit_price, cast(NULL AS double precision) AS mid,
           cast(NULL AS text) AS reason, o.order_ref, o.account, o.perm_id
      FROM span
      JOIN orders o ON o.as_of >= span.since
      JOIN bots b ON b.client_id = o.client_id AND coalesce(b.account, o.account) = o.account
      LEFT JOIN contracts c USING (con_id)
     WHERE coalesce(:kind, 'orphan') = 'orphan'
       AND (o.as_of, o.perm_id) < (cast(:before_ts AS timestamptz), cast(:before_id AS bigint) - 4611686018427387904)
       AND (cast(:strategy AS text) IS NULL OR o.strategy = :strategy)
       AND (cast(:symbol AS text) IS NULL OR o.symbol = :symbol)
       AND (cast(:account AS text) IS NULL OR o.account = :account)
       AND NOT EXISTS (SELECT FROM decisions d WHERE d.account = o.account AND d.perm_id = o.perm_id)
     ORDER BY o.as_of DESC, o.perm_id DESC
     LIMIT :limit
), page AS (
    SELECT * FROM decided
    UNION ALL
    SELECT * FROM orphans
     ORDER BY ts DESC, id DESC
     LIMIT :limit
)
SELECT page.*, o.status AS order_status, coalesce(o.filled, f.filled) AS filled,
       coalesce(nullif(o.avg_fill_price, 0), f.price) AS fill_price, f.commission
  FROM page
  LEFT JOIN orders o USING (account, perm_id)
  LEFT JOIN LATERAL (
       SELECT sum(e.quantity) FILTER (WHERE e.kind = main.kind) AS filled,
              sum(e.quantity * e.price) FILTER (WHERE e.kind = main.kind) / sum(e.quantity) FILTER (WHERE e.kind = main.kind) AS price,
              sum(e.commission) AS commission
         FROM executions e
        -- Of a combination its own line tells quantity and price; without one nothing does.
        CROSS JOIN LATERAL (SELECT CASE WHEN o.sec_type = 'BAG' THEN 'combo' ELSE 'trade' END AS kind) AS main
        WHERE e.account = page.account AND e.perm_id = page.perm_id AND e.effective) AS f ON true
 ORDER BY page.ts DESC, page.id DESC
