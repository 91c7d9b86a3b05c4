"""`mtz seed`: what is written, what is refused, and that an end at any point leaves nothing or everything."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from dashboard import seeding
from dashboard.seeding import ACCOUNT, AlreadyThereError, seed_database, seed_is_wanted
from dashboard.settings import load_settings
from data.db import DatabaseError, connect
from data.housekeeping.service import catch_up
from data.model import Role, Source
from data.poller.writer import account_lock
from data.simulator import state
from data.simulator.calendar import Hours
from data.simulator.history import History
from data.simulator.loading import Counts
from data.store import Store, WrongSourceError
from tests.stack.harness import MTZ, PROJECT, clean_environment, mtz, open_folder
from tests.support.gateway import start_gateway

DAYS = 30


def history(days: int = DAYS, seed: int = 1) -> History:
    return History(seed, days, time.time(), ACCOUNT, Hours())


def quiet(_: float, __: date) -> None: ...


def seeded(url: str, path: Path, past: History) -> Counts | None:
    with connect(url, Role.IMPORTER, "test", autocommit=True) as conn:
        return seed_database(conn, past, path, quiet)


def answers(url: str, sql: str) -> Any:
    """The one row of a query, as the owner."""
    with connect(url, Role.OWNER, "test") as conn:
        row = conn.execute(sql).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return row


ROWS = " + ".join(
    f"(SELECT count(*) FROM {name})"
    for name in (
        "portfolio_snapshots",
        "position_snapshots",
        "executions",
        "orders",
        "cash_flows",
        "price_bars",
        "accounts",
    )
)


def rows(url: str) -> int:
    return int(answers(url, f"SELECT {ROWS}")[0])


def test_a_month_is_written_and_adds_up(database_url: str, tmp_path: Path):
    url, path, past = database_url, tmp_path / "gateway" / "state.json", history()
    counts = seeded(url, path, past)
    assert counts is not None
    found = answers(
        url,
        "SELECT (SELECT count(*) FROM portfolio_snapshots), (SELECT count(*) FROM position_snapshots),"
        " (SELECT count(*) FROM executions WHERE effective), (SELECT count(*) FROM cash_flows),"
        " (SELECT count(*) FROM price_bars)",
    )
    assert found == (counts.portfolio, counts.positions, counts.executions, counts.flows, counts.bars)
    assert counts.portfolio > 19 * 210
    assert counts.executions > 10
    # Every minute's cash is what had come, less what had been paid; summed as numeric, to the cent.
    (wrong,) = answers(
        url,
        """
        SELECT count(*)
          FROM portfolio_snapshots p
         WHERE round(cast(p.cash AS numeric), 2) <>
               (SELECT sum(f.amount) FROM cash_flows f WHERE f.ts <= p.ts)
             - coalesce((SELECT sum((CASE e.side WHEN 'BOT' THEN 1 ELSE -1 END) * e.quantity * e.price * c.multiplier::numeric
                                    + e.commission)
                           FROM executions e JOIN contracts c USING (con_id) WHERE e.ts <= p.ts), 0)
        """,
    )
    assert wrong == 0
    assert answers(
        url,
        "SELECT (SELECT count(*) FROM portfolio_snapshots WHERE session_date <> session_date_of(ts)),"
        " (SELECT count(*) FROM position_snapshots WHERE session_date <> session_date_of(ts)),"
        " (SELECT count(*) FROM executions WHERE session_date <> session_date_of(ts)),"
        " (SELECT count(*) FROM cash_flows WHERE session_date <> session_date_of(ts) OR source <> 'demo'),"
        " (SELECT count(*) FROM orders WHERE status <> 'Filled')",
    ) == (0, 0, 0, 0, 0)
    # What was bought by hand belongs to nobody; all the rest to a strategy of the demo's bot, which says why it traded.
    assert answers(
        url,
        "SELECT (SELECT array_agg(c.symbol ORDER BY c.symbol) FROM executions e JOIN contracts c USING (con_id)"
        "         WHERE e.strategy IS NULL),"
        " (SELECT count(*) FROM executions WHERE strategy <> split_part(order_ref, ':', 1) || '/' || split_part(order_ref, ':', 2))"
        "      + (SELECT count(*) FROM orders WHERE order_ref IS NOT NULL AND strategy IS NULL),"
        " (SELECT count(*) FROM orders o WHERE order_ref IS NOT NULL AND NOT EXISTS"
        "   (SELECT FROM decisions d WHERE d.perm_id = o.perm_id AND d.strategy = o.strategy AND d.reason <> ''))",
    ) == (["SGOV", "SPY"], 0, 0)
    baseline = answers(
        url,
        "SELECT source, base_currency, baseline_net_liquidation, baseline_at, (SELECT min(ts) FROM portfolio_snapshots),"
        " (SELECT amount FROM cash_flows ORDER BY ts LIMIT 1) FROM accounts",
    )
    assert baseline[:2] == ("demo", "USD")
    assert baseline[2] == baseline[5]
    assert baseline[3] == baseline[4]


def test_days_and_hours_are_there_once_rolled_up(url18: str, tmp_path: Path):
    past = history(10)
    seeded(url18, tmp_path / "state.json", past)
    catch_up(url18)
    days = len(past.world.market.days)
    found = answers(
        url18,
        "SELECT (SELECT count(*) FROM portfolio_history WHERE resolution = '1d'),"
        " (SELECT count(*) FROM portfolio_history WHERE resolution = '1m'), (SELECT count(*) FROM portfolio_snapshots),"
        " (SELECT count(*) FROM dirty_windows)",
    )
    assert found[0] in (days, days + 1)  # today's, unless it begins right now
    assert found[1:] == (found[2], found[2], 0)
    (wrong,) = answers(
        url18,
        "SELECT count(*) FROM price_bars b JOIN contracts c USING (con_id) JOIN position_1d p USING (con_id, session_date)"
        " WHERE c.sec_type = 'STK' AND b.what = 'trades' AND b.resolution = '1d' AND b.close <> p.market_price_close",
    )
    assert wrong == 0


def test_the_gateway_goes_on_without_a_jump(url18: str, tmp_path: Path):
    path, past = tmp_path / "state.json", history(7)
    seeded(url18, path, past)
    last = answers(url18, "SELECT net_liquidation, cash, daily_pnl FROM portfolio_snapshots ORDER BY ts DESC LIMIT 1")
    with start_gateway(tmp_path, trader=False, state=path) as handle:
        now = handle.admin("state")
    assert Decimal(now["cash"]) == Decimal(str(last[1]))
    assert float(now["net_liquidation"]) == pytest.approx(last[0], rel=2e-3)
    held = {(p["con_id"], p["quantity"]) for p in now["positions"]}
    with connect(url18, Role.WEB, "test") as conn:
        newest = conn.execute(
            "SELECT con_id, quantity FROM position_snapshots WHERE ts = (SELECT max(ts) FROM position_snapshots)"
        ).fetchall()
        known = {row[0] for row in conn.execute("SELECT exec_id FROM executions").fetchall()}
    assert held == {(con_id, int(quantity)) for con_id, quantity in newest}
    # What the gateway reports of today is what is stored already.
    assert {x["exec_id"] for x in now["executions"]} <= known
    assert json.loads(path.read_text())["days"] == past.world.market.days


def test_the_seeded_bars_are_no_requests_that_the_poller_would_have_to_pace(url18: str, tmp_path: Path):
    seeded(url18, tmp_path / "state.json", history(3))
    asked, final, now = answers(
        url18,
        "SELECT max(asked_at), (SELECT max(closes) FROM market_sessions WHERE closes <= now()) + interval '10 minutes', now()"
        "  FROM bar_coverage",
    )
    assert asked == final or now < final


# -- refusals


def test_another_sources_database_is_refused(url18: str, tmp_path: Path):
    with connect(url18, Role.POLLER, "test") as conn:
        Store(conn).claim_source(Source.PAPER, "DU7654321")
    before = rows(url18)
    with pytest.raises(WrongSourceError, match="holds paper data"):
        seeded(url18, tmp_path / "state.json", history(3))
    assert rows(url18) == before
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_was_not_set_up_is_named(server18: Any, tmp_path: Path):
    done = mtz("seed", "--days", "3", cwd=tmp_path, DATABASE_URL=server18.empty_database(), MTZ_DATA_DIR=str(tmp_path))
    assert done.returncode == 3
    assert "has not been set up for this program: run `mtz migrate`" in done.stderr


def test_a_past_is_given_once(url18: str, tmp_path: Path):
    path = tmp_path / "state.json"
    seeded(url18, path, history(3))
    before, saved = rows(url18), path.read_bytes()
    with pytest.raises(AlreadyThereError, match="has a history already, so nothing was changed"):
        seeded(url18, path, history(5, seed=2))
    assert rows(url18) == before
    assert path.read_bytes() == saved


def test_not_while_a_poller_writes_the_account(url18: str, tmp_path: Path):
    with connect(url18, Role.POLLER, "test", autocommit=True) as poller:
        poller.execute("SELECT pg_advisory_lock(%s, %s)", account_lock(ACCOUNT))
        with pytest.raises(DatabaseError, match="A poller is writing account DU9000001"):
            seeded(url18, tmp_path / "state.json", history(3))
    assert rows(url18) == 0
    assert seeded(url18, tmp_path / "state.json", history(3)) is not None


# -- ends in the middle


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `mtz seed` as a process that the test may end."""
    processes: list[subprocess.Popen[str]] = []

    def start(url: str, *arguments: str) -> subprocess.Popen[str]:
        env = clean_environment(DATABASE_URL=url, MTZ_DATA_DIR=str(tmp_path / "data"))
        process = subprocess.Popen(
            [*MTZ, "seed", *arguments],
            cwd=PROJECT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_killed_in_the_middle_it_left_nothing_and_begins_anew(
    url18: str, tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
):
    process = started(url18, "--days", "60")
    assert process.stdout is not None
    assert any("50 %" in line for line in process.stdout)
    process.kill()
    process.wait(10)
    with psycopg.connect(url18, autocommit=True) as conn:  # the server notices a dead client at its next word
        while conn.execute("SELECT true FROM pg_stat_activity WHERE application_name = 'mtz seed'").fetchone():
            time.sleep(0.05)
    assert rows(url18) == 0
    assert not (tmp_path / "data" / "gateway" / "state.json").exists()
    done = mtz("seed", "--days", "5", cwd=tmp_path, DATABASE_URL=url18, MTZ_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert "100 % done" in done.stdout
    assert "sample history of 5 days" in done.stdout
    assert json.loads((tmp_path / "data" / "gateway" / "state.json").read_text())["accounts"][0]["id"] == ACCOUNT
    again = mtz("seed", "--state", "other.json", cwd=tmp_path, DATABASE_URL=url18, MTZ_DATA_DIR=str(tmp_path / "data"))
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("mtz: This database has a history already")
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
def test_ended_around_the_commit(url18: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str):
    """The narrow place: the past and the state are committed one after the other."""
    path, past = tmp_path / "gateway" / "state.json", history(4)
    pending = path.with_name("state.json.seeded")
    save = state.save

    def end(target: Path, data: dict[str, Any], **options: Any) -> None:
        if when == "before the commit":
            save(target, data, **options)
            raise KeyboardInterrupt
        if target == path:
            raise KeyboardInterrupt
        save(target, data, **options)

    monkeypatch.setattr(seeding.state, "save", end)
    with pytest.raises(KeyboardInterrupt):
        seeded(url18, path, past)
    monkeypatch.undo()
    assert pending.exists()
    assert not path.exists()
    assert seed_is_wanted(load_settings(data_dir=tmp_path, demo_history_days=0))
    if when == "before the commit":
        assert rows(url18) == 0
        assert seeded(url18, path, history(4)) is not None
    else:
        before = rows(url18)
        assert seeded(url18, path, history(4, seed=3)) is None
        assert rows(url18) == before
        assert json.loads(path.read_text()) == json.loads(json.dumps(past.state()))
    assert path.exists()
    assert not pending.exists()
    assert not seed_is_wanted(load_settings(data_dir=tmp_path))


def test_killed_with_a_server_of_its_own_it_leaves_no_server(started: Callable[..., subprocess.Popen[str]]):
    with open_folder() as folder:
        process = started("", "--days", "60", "--data-dir", str(folder / "data"))
        assert process.stdout is not None
        assert any("20 %" in line for line in process.stdout)
        (server,) = [p for p in psutil.Process(process.pid).children() if p.name() == "postgres"]
        process.kill()
        _, alive = psutil.wait_procs([server], timeout=20)
        assert not alive
        done = mtz("seed", "--days", "3", "--state", "here.json", cwd=folder, MTZ_DATA_DIR=str(folder / "data"))
        assert done.returncode == 0, done.stderr
        assert "sample history of 3 days" in done.stdout
        assert (folder / "here.json").exists()


def test_a_days_option_that_makes_no_sense(tmp_path: Path):
    done = mtz("seed", "--days", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "--days" in done.stderr
