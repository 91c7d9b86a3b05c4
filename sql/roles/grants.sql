-- Who may write what; applied again after every migration. docs/architecture.md has the same table in words.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM mtz_poller, mtz_importer, mtz_web, mtz_agent;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mtz_poller, mtz_importer, mtz_web, mtz_agent;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO mtz_poller, mtz_importer, mtz_web, mtz_agent;

GRANT INSERT ON database_source, portfolio_snapshots, position_snapshots, position_moves, cash_states, order_events, dirty_windows,
    order_answers TO mtz_poller;
GRANT INSERT, UPDATE ON dividend_outlooks TO mtz_poller;
GRANT INSERT, UPDATE ON accounts, contracts, portfolio_latest, executions, orders, outages, revisions, poller_status, price_bars, bar_coverage
    TO mtz_poller;
GRANT INSERT, UPDATE, DELETE ON positions_latest, dividends_told TO mtz_poller;

-- The importer writes history: the demo's first year, and later statements.
GRANT INSERT ON database_source, portfolio_snapshots, position_snapshots, cash_states, strategy_snapshots, order_events, dirty_windows,
    outages, bots, strategies, attributions, decisions TO mtz_importer;
GRANT INSERT, UPDATE ON accounts, contracts, executions, orders, revisions, cash_flows, price_bars, bar_coverage
    TO mtz_importer;
-- Of statements that overlap the one generated last counts: what it doesn't say any more goes.
GRANT INSERT, UPDATE, DELETE ON statements, statement_trades, statement_lots, statement_option_events, statement_transfers, statement_nav,
    statement_positions, statement_cash, corporate_actions, contract_changes, openings, dividend_accruals, conversion_rates, reconciliations TO mtz_importer;
GRANT DELETE ON cash_flows TO mtz_importer;
-- A fill that comes after the statement that has it is told which of its trades it is.
GRANT UPDATE (base_exec_id) ON statement_trades TO mtz_poller;

-- The web process takes commands and what in-process bots report; nobody but the owner changes a command or the audit log.
GRANT INSERT ON commands, command_keys, audit_events, attributions, previews, decisions TO mtz_web;
GRANT INSERT, UPDATE ON bots, strategies, bot_runs, bot_reports TO mtz_web;
-- What people write beside trades.
GRANT INSERT, UPDATE ON notes TO mtz_web;
GRANT INSERT, UPDATE, DELETE ON cycle_placements TO mtz_web;

-- The strategy agent, the wrapper and the command line.
GRANT DELETE ON order_requests, order_answers TO mtz_agent;
GRANT INSERT ON commands, command_keys, audit_events, attributions, order_requests, decisions, previews TO mtz_agent;
GRANT INSERT, UPDATE ON bots, strategies, bot_runs, revisions, command_progress, strategy_states, preview_results, agent_status TO mtz_agent;
GRANT UPDATE (strategy, changed_revision) ON executions TO mtz_agent;
GRANT UPDATE (strategy) ON orders TO mtz_agent;
GRANT UPDATE (strategy, order_id, perm_id, client_id) ON decisions TO mtz_agent;
-- What each strategy earned; the agent computes it.
GRANT INSERT ON strategy_snapshots, dirty_windows TO mtz_agent;
GRANT INSERT, UPDATE, DELETE ON strategy_latest TO mtz_agent;
-- The agent folds the book.
GRANT INSERT, UPDATE, DELETE ON round_trips, wheel_cycles, book_state, suspected_transfers TO mtz_agent;

-- Users, sessions and tokens are the web's and the command line's alone: nobody else may even read their hashes.
REVOKE ALL ON users, user_sessions, api_tokens, login_attempts FROM mtz_poller, mtz_importer, mtz_agent;
GRANT INSERT, UPDATE ON users, user_sessions, api_tokens TO mtz_web;
GRANT INSERT, UPDATE, DELETE ON login_attempts TO mtz_web;
GRANT DELETE ON user_sessions TO mtz_web;
-- How each reader likes a page.
GRANT INSERT, UPDATE, DELETE ON preferences TO mtz_web;
