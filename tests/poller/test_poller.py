"""From the gateway's socket to rows in PostgreSQL, with both client libraries."""

from __future__ import annotations

import json
import os
import signal
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.db import connect
from data.model import Role
from tests.conftest import Server
from tests.poller.conftest import ACCOUNT, StartPoller, Watched, truth
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import GatewayHandle


def same(stored: float | None, told: str) -> bool:
    """To the cent."""
    return stored is not None and abs(Decimal(str(stored)) - Decimal(told)) <= Decimal("0.005")


def compare(db: Watched, world: dict[str, Any]) -> list[str]:
    """What differs between the latest rows and the world."""
    (row,) = db.rows(
        "SELECT net_liquidation, cash, initial_margin, maintenance_margin, daily_pnl, unrealized_pnl, realized_pnl, "
        "look_ahead_initial_margin FROM portfolio_latest"
    )
    names = (
        "net_liquidation",
        "cash",
        "initial_margin",
        "maintenance_margin",
        "daily",
        "unrealized",
        "realized",
        "initial_margin",
    )
    wrong = [f"{n}: {v} {world[n]}" for n, v in zip(names, row, strict=True) if not same(v, world[n])]
    stored = {
        con_id: figures
        for con_id, *figures in db.rows(
            "SELECT con_id, quantity, market_value, unrealized_pnl, realized_pnl, daily_pnl FROM positions_latest"
        )
    }
    told = {p["con_id"]: p for p in world["positions"]}
    if stored.keys() != told.keys():
        return [*wrong, f"held: {stored.keys() ^ told.keys()}"]
    for con_id, figures in stored.items():
        keys = ("quantity", "market_value", "unrealized", "realized", "daily")
        wrong += [
            f"{con_id} {k}: {v} {told[con_id][k]}"
            for k, v in zip(keys, figures, strict=True)
            if not same(v, str(told[con_id][k]))
        ]
    return wrong


def test_the_database_tells_what_the_world_says(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, python: Path
) -> None:
    start_poller(db.url, python=python)
    db.wait_live()
    gateway.admin("halt")
    gateway.admin("set_price", symbol="KO", price=61.5)
    world = gateway.admin("state")
    eventually(lambda: not compare(db, world), "the world's figures")
    assert compare(db, world) == []
    assert eventually(lambda: db.fills() == truth(gateway))
    options, greeks = db.rows(
        "SELECT count(*), count(delta) FROM positions_latest JOIN contracts USING (con_id) WHERE sec_type = 'OPT'"
    )[0]
    assert options > 0
    eventually(
        lambda: (
            db.one(
                "SELECT count(*) FROM positions_latest JOIN contracts USING (con_id) "
                "WHERE sec_type = 'OPT' AND delta BETWEEN -1 AND 1 AND implied_vol > 0 AND underlying_price > 0"
            )
            == options
        ),
        f"Greeks of {options} options (had {greeks})",
    )


def test_a_fill_its_correction_and_an_assignment(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, python: Path
) -> None:
    start_poller(db.url, python=python)
    db.wait_live()
    with connect(db.url, Role.WEB, "test", autocommit=True) as listener:
        listener.execute("LISTEN mtz")
        made = gateway.admin("fill", symbol="KO", action="BUY", quantity=7, price="61.23", client_id=1, order_ref="bot")
        topics = {json.loads(n.payload)["topic"] for n in listener.notifies(timeout=1.5)}
    assert {"trades", "positions", "portfolio"} <= topics
    eventually(lambda: db.fills() == truth(gateway), "the fill with its commission")
    row = db.rows("SELECT side, order_ref, client_id, kind FROM executions WHERE exec_id = %s", made["exec_id"])
    assert row == [("BOT", "bot", 1, "trade")]

    corrected = gateway.admin("correct_execution", exec_id=made["exec_id"], price="61.20")["exec_id"]
    eventually(lambda: corrected in db.fills(), "the correction")
    assert made["exec_id"] not in db.fills()
    assert db.fills()[corrected][1] == Decimal("61.2")
    assert db.one("SELECT count(*) FROM executions WHERE base_exec_id = %s", corrected.rpartition(".")[0]) == 2

    put = next(p for p in gateway.admin("state")["positions"] if p["right"] == "P" and p["quantity"] < 0)
    gateway.admin("assign", con_id=put["con_id"], contracts=1, executions=True)
    eventually(
        lambda: db.one("SELECT count(*) FROM executions WHERE kind = 'assignment' AND price = 0") == 1, "the assignment"
    )
    gateway.admin("halt")
    gateway.admin("set_price", symbol="KO", price=61.5)
    world = gateway.admin("state")
    eventually(lambda: not compare(db, world), "the figures after it")


def test_a_gateway_that_restarts(gateway: GatewayHandle, db: Watched, start_poller: StartPoller, python: Path) -> None:
    start_poller(db.url, python=python)
    db.wait_live()
    before = db.rows("SELECT con_id FROM positions_latest ORDER BY 1")
    gateway.kill()
    eventually(lambda: db.one("SELECT gateway_reason FROM poller_status"), "a reason")
    assert db.one("SELECT gateway_state FROM poller_status") != "connected"
    assert db.rows("SELECT con_id FROM positions_latest ORDER BY 1") == before  # the last known good stays
    back = time.time()
    gateway.restart()
    db.wait_live(back, patience=10)
    assert db.rows("SELECT con_id FROM positions_latest ORDER BY 1") == before
    assert eventually(lambda: db.rows("SELECT kind FROM outages WHERE ended IS NOT NULL")) == [("gateway",)]
    gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    eventually(lambda: db.fills() == truth(gateway), "fills after the restart")


def test_a_connection_that_blinks(gateway: GatewayHandle, db: Watched, start_poller: StartPoller) -> None:
    """Lost and back between two flushes, several times."""
    start_poller(db.url)
    db.wait_live()
    for _ in range(5):
        gateway.admin("error", code=1100)
        gateway.admin("error", code=1102)
    eventually(lambda: db.rows("SELECT kind, ended IS NOT NULL FROM outages"), "an outage")
    gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    eventually(lambda: db.fills() == truth(gateway), "fills afterwards")
    assert set(db.rows("SELECT kind, ended IS NOT NULL FROM outages")) == {("feed", True)}


def test_no_half_filled_figure_is_stored(gateway: GatewayHandle, db: Watched, start_poller: StartPoller) -> None:
    start_poller(db.url)
    db.wait_live()
    eventually(lambda: db.one("SELECT count(*) FROM portfolio_snapshots") or 0 > 2)
    now = time.time()
    gateway.admin("restart", seconds=0.5, half_filled=True)
    eventually(lambda: db.one("SELECT gateway_state FROM poller_status") != "connected")
    db.wait_live(now)
    eventually(lambda: db.one("SELECT max(as_of) > to_timestamp(%s) FROM portfolio_latest", now + 4))
    assert db.one("SELECT min(net_liquidation) > 1000 AND min(cash) > 1000 FROM portfolio_snapshots")


def test_stopped_in_order(gateway: GatewayHandle, db: Watched, start_poller: StartPoller) -> None:
    poller = start_poller(db.url)
    db.wait_live()
    made = gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    eventually(lambda: made["exec_id"] in db.fills())
    assert poller.terminate() == 0
    assert gateway.admin("clients")["clients"] == []


# -- what can't run says so


def test_a_database_of_another_source(gateway: GatewayHandle, db: Watched, start_poller: StartPoller) -> None:
    with connect(db.url, Role.POLLER, "test") as conn:
        conn.execute("INSERT INTO database_source (source, account) VALUES ('live', 'U7')")
    poller = start_poller(db.url)
    assert poller.wait() == 3
    assert f"This database holds live data (account U7), but the gateway's account {ACCOUNT} is paper" in poller.log
    assert db.rows("SELECT * FROM accounts") == db.rows("SELECT * FROM poller_status") == []


def test_an_account_that_the_gateway_does_not_have(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller
) -> None:
    start_poller(db.url, account="DU404")
    eventually(lambda: db.one("SELECT gateway_state FROM poller_status") == "unknown_account")
    assert ACCOUNT in db.one("SELECT gateway_reason FROM poller_status")
    # A database is claimed once a gateway has said which account it is.
    assert db.rows("SELECT account FROM accounts") == db.rows("SELECT source FROM database_source") == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DROP TABLE schema_migrations CASCADE", "run `mtz migrate`"),
        ("INSERT INTO schema_migrations VALUES (999, 'later', 'x')", "newer than this program"),
    ],
)
def test_a_schema_that_does_not_fit(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, change: str, sentence: str
) -> None:
    with psycopg.connect(db.url) as conn:
        conn.execute(change)  # type: ignore[call-overload]
    poller = start_poller(db.url)
    assert poller.wait() == 3
    assert sentence in poller.log


def test_a_user_that_the_database_refuses(plain18: Server, start_poller: StartPoller) -> None:
    poller = start_poller(plain18.database().replace("mtz@", "nobody:secret@"))  # it asks the system who one is
    assert poller.wait() == 3
    assert "refused the user 'nobody': correct DATABASE_URL" in poller.log
    assert "secret" not in poller.log


# -- two pollers


def test_a_second_poller_waits_and_takes_over(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, tmp_path: Path
) -> None:
    first = start_poller(db.url)
    db.wait_live()
    started = db.one("SELECT started_at FROM poller_status")
    second = start_poller(db.url, client_id=31, spool_dir=tmp_path / "spool")
    eventually(lambda: "waiting to take over" in second.log, "the second one's word")
    assert [c["client_id"] for c in gateway.admin("clients")["clients"]] == [30]  # it takes no lines, no client id
    killed = time.time()
    first.kill()
    eventually(
        lambda: db.one("SELECT started_at FROM poller_status") != started and db.is_live(killed), "the takeover", 10.0
    )
    (gap,) = db.rows("SELECT kind FROM outages WHERE ended IS NOT NULL")
    assert gap == ("poller",)
    con_id = gateway.admin("fill", symbol="KO", action="BUY", quantity=1000, price="60.00")["con_id"]
    eventually(lambda: db.one("SELECT quantity >= 900 FROM positions_latest WHERE con_id = %s", con_id))


# -- the spool's own troubles


def test_a_spool_that_can_not_be_written_stops_nothing(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    start_poller(db.url, spool_dir=tmp_path / "file" / "spool")
    db.wait_live()
    assert "can't be used" in eventually(lambda: db.one("SELECT last_error FROM poller_status"))
    made = gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    eventually(lambda: made["exec_id"] in db.fills())


def backend(db: Watched) -> int:
    found: int = db.one(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'mtz poller' AND datname = current_database()"
    )
    return found


def test_a_database_that_hangs_loses_nothing_when_the_poller_is_killed(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller
) -> None:
    poller = start_poller(db.url)
    db.wait_live()
    hanging = backend(db)
    os.kill(hanging, signal.SIGSTOP)
    try:
        gateway.admin("fill", symbol="KO", quantity=3, price="60.00")
        spool = poller.spool_dir / f"{ACCOUNT}.spool"
        eventually(lambda: spool.stat().st_size > 0, "the spool")
        eventually(lambda: b'"exec_id"' in spool.read_bytes() and b'"ts"' in spool.read_bytes(), "the fill in it")
        poller.kill()
    finally:
        os.kill(hanging, signal.SIGCONT)
    kept = [json.loads(part[part.index(b"{") :]) for part in _frames(spool.read_bytes())]
    stamps = sorted({s["ts"] for record in kept for s in record["portfolio_samples"]})
    assert stamps
    now = time.time()
    start_poller(db.url)
    db.wait_live(now)
    eventually(lambda: db.fills() == truth(gateway), "every fill")
    assert db.one("SELECT count(*) FROM portfolio_snapshots WHERE ts = ANY(%s::timestamptz[])", stamps) == len(stamps)
    assert spool.stat().st_size == 0


def _frames(data: bytes) -> list[bytes]:
    frames, at = [], 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        frames.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return frames


def test_the_process_stays_small(gateway: GatewayHandle, db: Watched, start_poller: StartPoller) -> None:
    poller: PollerProcess = start_poller(db.url)
    db.wait_live()
    maps = Path(f"/proc/{poller.pid}/maps").read_text()
    assert not any(name in maps for name in ("pandas", "plotly", "exchange_calendars"))
