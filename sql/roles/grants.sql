-- Who may write what; applied again after every migration. docs/architecture.md has the same table in words.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM mtz_poller, mtz_importer, mtz_web;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mtz_poller, mtz_importer, mtz_web;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO mtz_poller, mtz_importer, mtz_web;

GRANT INSERT ON database_source, portfolio_snapshots, position_snapshots, order_events, dirty_windows TO mtz_poller;
GRANT INSERT, UPDATE ON accounts, contracts, portfolio_latest, executions, orders, outages, revisions, poller_status, price_bars, bar_coverage
    TO mtz_poller;
GRANT INSERT, UPDATE, DELETE ON positions_latest TO mtz_poller;

-- The importer writes history: the demo's first year, and later statements.
GRANT INSERT ON database_source, portfolio_snapshots, position_snapshots, order_events, dirty_windows, outages, strategies
    TO mtz_importer;
GRANT INSERT, UPDATE ON accounts, contracts, executions, orders, revisions, cash_flows, price_bars, bar_coverage
    TO mtz_importer;
