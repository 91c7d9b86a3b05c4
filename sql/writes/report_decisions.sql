-- Lines of a bot's ledger; told twice, each is one. A strategy or run that isn't known is left open.
INSERT INTO decisions (bot, source_key, account, strategy, run_id, ts, kind, symbol, con_id, contract, action, quantity,
                       limit_price, bid, ask, reason, order_id, perm_id, client_id, order_ref, detail)
SELECT %(bot)s, t.source_key, b.account, s.name, r.run_id, t.ts, t.kind, t.symbol, t.con_id, t.contract, t.action, t.quantity,
       t.limit_price, t.bid, t.ask, t.reason, t.order_id, t.perm_id, coalesce(t.client_id, b.client_id), t.order_ref, t.detail
  FROM json_to_recordset(%(rows)s) AS t (source_key text, strategy text, run_id uuid, ts timestamptz, kind text, symbol text,
       con_id bigint, contract text, action text, quantity numeric, limit_price double precision, bid double precision,
       ask double precision, reason text, order_id bigint, perm_id bigint, client_id integer, order_ref text, detail jsonb)
  JOIN bots b ON b.bot = %(bot)s AND b.adapter = 'in_process'
  LEFT JOIN strategies s ON s.name = t.strategy AND s.bot = %(bot)s
  LEFT JOIN bot_runs r ON r.run_id = t.run_id AND r.bot = %(bot)s
 ORDER BY t.ts
ON CONFLICT (bot, source_key) DO NOTHING
RETURNING id
