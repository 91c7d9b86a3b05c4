"""Roll-ups about the source's horizons: what is carried, what is made, and what happens where a horizon moves on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from data.copying import rollups
from data.copying.rollups import MARKER
from data.db import connect
from data.flavour import Flavour, known
from data.housekeeping.grid import LEVELS, floor
from data.housekeeping.levels import RELATIONS, Levels, view_of
from data.model import Role
from tests.conftest import Server
from tests.copying.test_copy import NATIVE, copy, interrupt_at
from tests.copying.world import drop_older, history, make_database

ACCOUNT: LiteralString = """
INSERT INTO accounts (account, source) VALUES ('DU1', 'paper');
INSERT INTO database_source (source, account) VALUES ('paper', 'DU1');
"""
THREE_DAYS: LiteralString = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, cash)
    SELECT 'DU1', t, t, session_date_of(t), 'USD', random()
      FROM generate_series(now() - interval '3 days', now(), interval '20 minutes') t;
"""
POSITION: LiteralString = """
INSERT INTO position_snapshots (account, con_id, ts, as_of, session_date, currency, quantity, market_price)
    SELECT account, 1, ts, as_of, session_date, 'USD', 1, cash FROM portfolio_snapshots;
"""
OLD: LiteralString = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, cash)
    SELECT 'DU1', t, t, session_date_of(t), 'USD', random()
      FROM generate_series(now() - interval '60 days', now(), interval '3 hours') t;
"""
HORIZONS: LiteralString = (
    "UPDATE rollup_levels SET kept_from = date_trunc('day', now(), 'UTC') - interval '14 days' WHERE level = 'raw'"
)


def different(source: str, target: str) -> list[str]:
    return [line.name for line in copy(source, target).lines if line.different]


def marked(target: str) -> list[str]:
    """Where the copy's own sample is, the tables behind the views among them."""
    with connect(target, Role.OWNER, "test") as conn:
        return [
            text
            for relation in RELATIONS
            for table in (sql.Identifier(f"{relation}_snapshots"), *stores(conn, relation))
            if conn.execute(sql.SQL("SELECT 1 FROM {} WHERE account = %s").format(table), [MARKER]).fetchone()
            for text in [table.as_string()]
        ]


def stores(conn: psycopg.Connection[Any], relation: str) -> list[sql.Identifier]:
    """The tables that hold a relation's roll-ups."""
    return [rollups.store_of(conn, view_of(relation, level), known(conn) or Flavour.PLAIN) for level in LEVELS]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(ACCOUNT, id="empty"),
        pytest.param(ACCOUNT + THREE_DAYS + POSITION, id="young"),
        pytest.param(ACCOUNT + THREE_DAYS, id="without positions"),
    ],
)
def test_horizons_with_nothing_behind_them(server18: Server, target: str, rows: LiteralString) -> None:
    source = make_database(server18, rows)
    with connect(source, Role.OWNER, "test") as conn:
        conn.execute(HORIZONS)
    assert different(source, target) == []
    assert marked(target) == []
    assert history(target) == history(source)


@pytest.mark.skipif(not NATIVE, reason="only TimescaleDB's views have a watermark")
@pytest.mark.parametrize("moves", [False, True], ids=["the same horizon", "another horizon"])
def test_killed_with_its_own_sample_in_place_it_takes_it_away(own_source: str, target: str, moves: bool) -> None:
    interrupt_at("rolling up", own_source, target)
    begin = floor(datetime.now(UTC) - timedelta(days=14), "1d")
    with connect(target, Role.OWNER, "test", autocommit=True) as conn:
        for relation in RELATIONS:
            rollups.mark(Levels(conn, Flavour.TIMESCALE), relation, begin)
    assert len(marked(target)) == (1 + len(LEVELS)) * len(RELATIONS)
    if moves:
        drop_older(own_source, raw_days=5, minute_days=30)
    assert different(own_source, target) == []
    assert marked(target) == []


@pytest.mark.parametrize("at", ["small tables", "comparing"])
def test_retention_ran_on_the_source_between_two_runs(own_source: str, target: str, at: str) -> None:
    interrupt_at(at, own_source, target)
    drop_older(own_source, raw_days=5, minute_days=30)
    assert different(own_source, target) == []
    assert history(target) == history(own_source)


def test_the_first_retention_ran_between_two_runs(server18: Server, target: str) -> None:
    source = make_database(server18, ACCOUNT + OLD)
    interrupt_at("comparing", source, target)
    drop_older(source, raw_days=14, minute_days=30)
    assert different(source, target) == []
    assert history(target) == history(source)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE {} SET cash = 5 WHERE bucket < now() - interval '20 days'", id="carried"),
        pytest.param("UPDATE {} SET cash = 5 WHERE bucket > now() - interval '10 days'", id="made"),
        pytest.param(
            "DELETE FROM {} WHERE bucket BETWEEN now() - interval '30 days' AND now() - interval '9 days'", id="lost"
        ),
    ],
)
def test_buckets_that_differ_are_put_right_by_the_next_run(source: str, target: str, damage: LiteralString) -> None:
    interrupt_at("comparing", source, target)
    with connect(target, Role.OWNER, "test") as conn:
        for store in stores(conn, "portfolio"):
            assert conn.execute(sql.SQL(damage).format(store)).rowcount > 0
    assert different(source, target) == ["portfolio_1m", "portfolio_1h", "portfolio_1d"]
    assert different(source, target) == []
    assert history(target) == history(source)
