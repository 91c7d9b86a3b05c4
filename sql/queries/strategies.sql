-- The strategies with their bots, what is in force, and each bot's newest run; the first columns are of the account.
SELECT state.revision, s.name, s.created_at, s.bot, s.title, s.symbols, s.allocation, s.can_pause_opening, s.is_listed,
       s.bot_status, s.bot_words, s.bot_status_at,
       b.adapter, b.account, b.schedule, b.longest_run_s, b.heartbeat_at, b.problem, b.first_seen,
       p.next_cycle_at,
       coalesce(d.desired, 'active') AS desired,
       r.started_at AS run_started, r.ended_at AS run_ended, r.outcome AS run_outcome, r.words AS run_words
  FROM (SELECT coalesce((SELECT r.revision FROM revisions r WHERE r.account = :account AND r.topic = 'strategies'), 0) AS revision)
       AS state
  LEFT JOIN strategies s ON true
  LEFT JOIN bots b USING (bot)
  LEFT JOIN bot_reports p ON p.strategy = s.name
  LEFT JOIN strategy_states d ON d.strategy = s.name AND d.symbol = ''
  LEFT JOIN LATERAL (SELECT x.started_at, x.ended_at, x.outcome, x.words
                       FROM bot_runs x
                      WHERE x.bot = s.bot AND NOT x.is_preview
                      ORDER BY x.started_at DESC
                      LIMIT 1) AS r ON true
 ORDER BY s.is_listed DESC, s.name
