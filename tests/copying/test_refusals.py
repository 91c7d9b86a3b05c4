"""What is refused, in a sentence, with nothing changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from data.copying.copier import copy_database
from data.db import DatabaseError, connect
from data.housekeeping.service import LOCK_KEY
from data.migrate import migrate
from data.model import Role
from data.poller.writer import account_lock
from tests.conftest import TIMESCALE_DSN, Server
from tests.copying.test_copy import interrupt_at
from tests.copying.world import checksum

NATIVE = TIMESCALE_DSN is not None


def refusal(source: str, target: str, *, needs_timescale: bool = NATIVE) -> str:
    with pytest.raises(DatabaseError) as caught:
        copy_database(source, target, today=date.today(), needs_timescale=needs_timescale)
    return str(caught.value)


def tables_of(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        rows = conn.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
        return [name for (name,) in rows.fetchall()]


def test_source_and_target_the_same(source: str) -> None:
    other_spelling = source + ("&" if "?" in source else "?") + "application_name=other"
    assert "same database" in refusal(source, other_spelling)


def test_a_plain_server_where_timescaledb_is_needed(source: str, plain18: Server) -> None:
    target = plain18.empty_database()
    said = refusal(source, target, needs_timescale=True)
    assert "no TimescaleDB to offer" in said
    assert "shared_preload_libraries" in said
    assert tables_of(target) == []


def test_a_target_set_up_with_plain_tables(source: str, target: str) -> None:
    migrate(target, timescaledb="off")
    assert "set up with plain tables" in refusal(source, target, needs_timescale=True)


def test_a_source_that_is_not_ours_or_not_up_to_date(own_source: str, target: str, server18: Server) -> None:
    assert "not one of this program" in refusal(server18.empty_database(), target)
    with connect(own_source, Role.OWNER, "test") as conn:
        conn.execute("DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)")
    said = refusal(own_source, target)
    assert "lacks migration" in said
    assert "mtz migrate" in said
    assert tables_of(target) == []


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("who", ["poller", "housekeeping"])
def test_a_running_dashboard(source: str, target: str, side: str, who: str) -> None:
    with psycopg.connect(source if side == "source" else target, autocommit=True) as conn:
        if who == "poller":
            conn.execute("SELECT pg_advisory_lock(%s, %s)", account_lock("DU1"))
        else:
            conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        assert f"running on the {side}: stop mtz first" in refusal(source, target)
    assert tables_of(target) == []


def test_a_poller_of_an_account_that_is_not_in_the_tables_yet(source: str, target: str) -> None:
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s, %s)", account_lock("U7"))
        assert "stop mtz first" in refusal(source, target)


def test_a_target_with_rows_of_its_own(source: str, target: str) -> None:
    migrate(target)
    with connect(target, Role.OWNER, "test") as conn:
        conn.execute("INSERT INTO strategies (name) VALUES ('mine')")
    before = checksum(target)
    assert "rows that this command did not copy (strategies)" in refusal(source, target)
    assert checksum(target) == before


@pytest.mark.parametrize("statement", ["CREATE TABLE theirs (n integer)", "CREATE VIEW theirs AS SELECT 1 AS n"])
def test_a_target_of_somebody_else(source: str, target: str, statement: LiteralString) -> None:
    with psycopg.connect(target) as conn:
        conn.execute(statement)
    assert "not this program's (theirs)" in refusal(source, target)
    assert tables_of(target) == ["theirs"]


def test_a_target_whose_migrations_are_another_programs(source: str, target: str) -> None:
    with psycopg.connect(target) as conn:
        conn.execute("CREATE TABLE schema_migrations (version text)")
    said = refusal(source, target)
    assert "not this program's (schema_migrations)" in said
    assert tables_of(target) == ["schema_migrations"]


def test_an_unfinished_copy_of_another_database(source: str, own_source: str, target: str) -> None:
    interrupt_at("price_bars", source, target)
    before = checksum(target)
    assert "unfinished copy of another database" in refusal(own_source, target)
    assert checksum(target) == before


def test_an_unreachable_side_is_named_without_its_password(source: str, tmp_path: Path) -> None:
    away = f"postgresql://me:geheim@/x?host={tmp_path}"
    for said, name in ((refusal(away, source), "SOURCE_URL"), (refusal(source, away), "TARGET_URL")):
        assert name in said
        assert "geheim" not in said
