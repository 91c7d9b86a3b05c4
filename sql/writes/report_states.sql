-- What a bot does with each of its strategies; the newest report replaces the one before.
INSERT INTO bot_reports AS r (strategy, bot, applied_command, desired, symbol_states, failure, cycles_since,
                              queued_orders, open_orders, next_cycle_at, figures, reported_at)
SELECT strategy, %(bot)s, applied_command, desired, symbol_states, failure, cycles_since, queued_orders, open_orders,
       next_cycle_at, figures, now()
  FROM json_to_recordset(%(rows)s) AS t (strategy text, applied_command bigint, desired text, symbol_states jsonb, failure text,
       cycles_since integer, queued_orders integer, open_orders integer, next_cycle_at timestamptz, figures jsonb)
 ORDER BY strategy
ON CONFLICT (strategy) DO UPDATE
   SET bot = excluded.bot, applied_command = excluded.applied_command, desired = excluded.desired,
       symbol_states = excluded.symbol_states, failure = excluded.failure, cycles_since = excluded.cycles_since,
       queued_orders = excluded.queued_orders, open_orders = excluded.open_orders,
       next_cycle_at = excluded.next_cycle_at, figures = excluded.figures, reported_at = excluded.reported_at
