-- Who may write what; applied again after every migration. docs/architecture.md has the same table in words.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM mtz_poller, mtz_web;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO mtz_poller, mtz_web;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO mtz_poller, mtz_web;

GRANT INSERT ON database_source, portfolio_snapshots, position_snapshots, order_events TO mtz_poller;
GRANT INSERT, UPDATE ON accounts, contracts, portfolio_latest, executions, orders, outages, revisions, poller_status TO mtz_poller;
GRANT INSERT, UPDATE, DELETE ON positions_latest TO mtz_poller;
