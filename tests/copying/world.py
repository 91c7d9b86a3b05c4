"""A source with everything that is hard to move: history whose raw rows are gone, unknowns, counted ids, late rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from data.calendar import fill_sessions
from data.copying.catalogue import names
from data.db import connect
from data.flavour import Flavour
from data.housekeeping.levels import Levels
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.retention import retain
from data.housekeeping.service import catch_up
from data.migrate import migrate
from data.model import Role
from tests.conftest import Server

ROWS = """
INSERT INTO accounts (account, source) VALUES ('DU1', 'paper');
INSERT INTO database_source (source, account) VALUES ('paper', 'DU1');
INSERT INTO contracts (con_id, symbol, local_symbol, sec_type, currency)
    SELECT i, 'K' || i, 'K' || i, 'STK', 'USD' FROM generate_series(1, 3) i;
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, cash, net_liquidation, daily_pnl)
    SELECT 'DU1', t, t, session_date_of(t), 'USD', random(), CASE WHEN random() < 0.1 THEN NULL ELSE 1e5 * random() END,
           random() - 0.5
      FROM generate_series(now() - interval '70 days', now(), interval '15 minutes') t;
-- Positions that were sold long ago: their raw samples are all dropped.
INSERT INTO position_snapshots (account, con_id, ts, as_of, session_date, currency, quantity, market_price)
    SELECT 'DU1', i, t, t, session_date_of(t), 'USD', 1, random()
      FROM generate_series(now() - interval '70 days', now() - interval '40 days', interval '1 hour') t, generate_series(1, 3) i;
-- A strategy that ended long ago.
INSERT INTO strategy_snapshots (account, strategy, ts, as_of, session_date, currency, pnl_total, trades, closed, wins, positions)
    SELECT 'DU1', 'wheel/1', t, t, session_date_of(t), 'USD', random(), 3, 2, 1, 1
      FROM generate_series(now() - interval '70 days', now() - interval '40 days', interval '1 hour') t;
INSERT INTO price_bars SELECT 1, 'trades', '1d', t, t::date, 1, 2.5, 0.1, random(), NULL
    FROM generate_series(timestamptz '2026-01-01', timestamptz '2026-06-01', interval '1 day') t;
INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,
                        session_date, side, quantity, price, commission)
    SELECT 'DU1', 'x' || i, 1, true, 'x' || i || '.01', i, 'api', 'trade', 1, now(), current_date, 'BOT', 1,
           1.0123456789 * i, CASE WHEN i % 2 = 0 THEN 1.05 END
      FROM generate_series(1, 20) i;
DELETE FROM executions WHERE id > 15;
INSERT INTO bots (bot, adapter) VALUES ('wheel', 'wrapper');
INSERT INTO strategies (name, bot) VALUES ('wheel/1', 'wheel');
-- A chain of hashes that a trigger makes, with times of its own; another trigger refuses every change.
INSERT INTO audit_events (kind, actor, subject) SELECT 'user.logged_in', 'somebody', i::text FROM generate_series(1, 3) i;
INSERT INTO positions_latest (account, con_id, as_of, changed_revision, quantity, market_price)
    VALUES ('DU1', 1, now(), 3, 100, 'NaN'), ('DU1', 2, now(), 4, -1, NULL);
"""


def make_source(server: Server) -> str:
    """A plain database that housekeeping has kept for a while."""
    url = make_database(server, ROWS)
    drop_older(url, raw_days=14, minute_days=55)
    with connect(url, Role.OWNER, "test") as conn:
        assert count(conn, "position_snapshots") == 0
    return url


def make_database(server: Server, rows: LiteralString) -> str:
    """A plain database with `rows`, rolled up."""
    url = server.empty_database()
    migrate(url, timescaledb="off")
    fill_sessions(url, date.today())
    with connect(url, Role.OWNER, "test", autocommit=True) as conn:
        conn.execute(rows)
    catch_up(url)
    return url


def drop_older(url: str, *, raw_days: int, minute_days: int) -> None:
    """Retention, as housekeeping applies it."""
    options = HousekeepingOptions(
        url, raw_retention_days=raw_days, position_retention_days=raw_days, minute_retention_days=minute_days
    )
    with connect(url, Role.OWNER, "test", autocommit=True) as conn:
        retain(Levels(conn, Flavour.PLAIN), options, datetime.now(UTC))


def checksum(url: str) -> dict[str, Any]:
    """Every row of every table, and every sequence."""
    with connect(url, Role.OWNER, "test") as conn:
        found: dict[str, Any] = {
            name: conn.execute(
                sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t").format(sql.Identifier(name))
            ).fetchone()
            for name in names(conn)
        }
        found["sequences"] = conn.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1").fetchall()
        return found


def history(url: str) -> list[tuple[Any, ...]]:
    """All roll-ups as the program reads them."""
    with connect(url, Role.WEB, "test") as conn:
        rows: list[tuple[Any, ...]] = []
        for view in ("portfolio_history", "position_history", "strategy_history"):
            rows += conn.execute(
                sql.SQL("SELECT '{0}', x::text FROM {0} x ORDER BY x::text COLLATE \"C\"").format(sql.SQL(view))
            ).fetchall()
        return rows


def count(conn: psycopg.Connection[Any], table: str) -> int:
    row = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])
