"""A whole copy: nothing is lost, the source is only read, and what changed on the way is copied again."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from psycopg import errors

from data.copying.catalogue import BORN_FILLED, MADE_THERE, names, tables
from data.copying.copier import Outcome, Progress, copy_database
from data.copying.sides import open_source
from data.db import connect
from data.housekeeping.grid import LEVELS
from data.housekeeping.levels import RELATIONS
from data.housekeeping.service import catch_up
from data.model import Role
from tests.conftest import TIMESCALE_DSN, Server
from tests.copying.world import checksum, count, history

# Only a native server has TimescaleDB; elsewhere the same copy is made into plain tables.
NATIVE = TIMESCALE_DSN is not None


def copy(source: str, target: str) -> Outcome:
    return copy_database(source, target, today=date.today(), needs_timescale=NATIVE)


class InterruptedHereError(Exception):
    pass


def interrupt_at(what: str, source: str, target: str) -> None:
    def report(progress: Progress) -> None:
        if progress.what.startswith(what):
            raise InterruptedHereError

    with pytest.raises(InterruptedHereError):
        copy_database(source, target, today=date.today(), needs_timescale=NATIVE, report=report)


def test_everything_arrives_and_the_source_is_as_it_was(source: str, target: str) -> None:
    before = checksum(source)
    outcome = copy(source, target)
    assert [line.name for line in outcome.lines if line.different] == []
    assert not outcome.was_complete
    assert checksum(source) == before
    # Roll-ups whose raw rows are gone came along; their horizon too.
    assert history(target) == history(source)
    with connect(target, Role.OWNER, "test") as conn:
        assert count(conn, "position_snapshots") == 0
        assert count(conn, "position_1m") > 0
        assert count(conn, "position_1h") > count(conn, "position_1m") > 0
        kept = "SELECT relation, level, kept_from::text FROM rollup_levels ORDER BY 1, 2"
        theirs = conn.execute(kept).fetchall()
        assert "copy_progress" not in names(conn)
    with connect(source, Role.OWNER, "test") as conn:
        assert conn.execute(kept).fetchall() == theirs
    catch_up(target)
    assert history(target) == history(source)


def test_ids_go_on_where_the_source_stopped(source: str, target: str) -> None:
    copy(source, target)
    with connect(target, Role.OWNER, "test") as conn:
        row = conn.execute(
            "INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, "
            "con_id, ts, session_date, side, quantity, price) "
            "VALUES ('DU1', 'new', 1, true, 'new.01', 9, 'api', 'trade', 1, now(), current_date, 'BOT', 1, 1) RETURNING id"
        ).fetchone()
    assert row == (21,)  # 16 to 20 were used once


def test_the_audit_log_arrives_as_it_was_and_its_chain_goes_on(source: str, target: str) -> None:
    chain = "SELECT id, at, previous, hash FROM audit_events ORDER BY id"
    copy(source, target)
    with connect(source, Role.OWNER, "test") as conn:
        theirs = conn.execute(chain).fetchall()
    with connect(target, Role.OWNER, "test", autocommit=True) as conn:
        assert conn.execute(chain).fetchall() == theirs
        conn.execute("INSERT INTO audit_events (kind, actor) VALUES ('user.logged_out', 'somebody')")
        number, _, previous, _ = conn.execute(chain).fetchall()[-1]
        assert (number, previous) == (theirs[-1][0] + 1, theirs[-1][3])
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute("DELETE FROM audit_events")


def test_a_second_run_finds_nothing_to_do(source: str, target: str) -> None:
    copy(source, target)
    again = copy(source, target)
    assert again.was_complete
    assert again.is_equal


def test_one_changed_value_is_found(source: str, target: str) -> None:
    copy(source, target)
    with connect(target, Role.OWNER, "test") as conn:
        conn.execute("UPDATE portfolio_snapshots SET cash = -cash WHERE ts = (SELECT max(ts) FROM portfolio_snapshots)")
        conn.execute("UPDATE contracts SET symbol = 'Q' WHERE con_id = 3")
    different = {line.name for line in copy(source, target).lines if line.different}
    assert different >= {"portfolio_snapshots", "contracts"}
    assert "executions" not in different


@pytest.mark.parametrize(
    ("at", "is_settled"),
    [("portfolio_1m", True), ("price_bars", False), ("rolling up position", True), ("comparing portfolio_1h", False)],
)
def test_what_the_source_got_since_is_copied_again(own_source: str, target: str, at: str, is_settled: bool) -> None:
    interrupt_at(at, own_source, target)
    with connect(own_source, Role.OWNER, "test") as conn:
        conn.execute(
            "INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, cash) "
            "SELECT account, ts + interval '1 second', as_of, session_date, 7 FROM portfolio_snapshots"
        )
        conn.execute(
            "INSERT INTO dirty_windows (relation, first_ts, last_ts) "
            "SELECT 'portfolio', min(ts), max(ts) FROM portfolio_snapshots"
        )
        conn.execute("UPDATE positions_latest SET quantity = 5 WHERE con_id = 1")
        conn.execute("INSERT INTO audit_events (kind, actor) VALUES ('user.logged_out', 'somebody')")
        conn.execute("DELETE FROM price_bars WHERE ts < '2026-02-01'")
    if is_settled:
        catch_up(own_source)
    outcome = copy(own_source, target)
    assert [line.name for line in outcome.lines if line.different] == []
    assert outcome.late == ([] if is_settled else ["portfolio"])
    catch_up(own_source)
    assert history(target) == history(own_source)


def test_the_server_itself_refuses_to_write_to_the_source(source: str) -> None:
    conn = open_source(source)
    try:
        with pytest.raises(errors.ReadOnlySqlTransaction):
            conn.execute("DELETE FROM executions")
    finally:
        conn.close()


def test_no_table_is_forgotten(server18: Server) -> None:
    with psycopg.connect(server18.database()) as conn:
        every, copied = set(names(conn)), [table.name for table in tables(conn)]
        referring = {table.name: table.refers_to for table in tables(conn)}
        assert {name for name in copied if count(conn, name)} <= BORN_FILLED
    left_out = every - set(copied)
    assert left_out - MADE_THERE <= {f"{relation}_{level}_rolled" for relation in RELATIONS for level in LEVELS}
    assert len(copied) == len(set(copied))
    for place, name in enumerate(copied):
        assert referring[name] <= set(copied[:place])
