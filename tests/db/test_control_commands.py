"""`mtz strategy`, `mtz kill` and `mtz audit`, as processes on a real database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Server

ROOT = Path(__file__).parents[2]


class Mtz:
    def __init__(self, url: str, data_dir: Path) -> None:
        self.url, self.data_dir = url, data_dir

    def start(self, *arguments: str, url: str | None = None) -> subprocess.Popen[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("MTZ_", "IBKR_", "DATABASE_"))}
        env |= {"DATABASE_URL": url or self.url, "MTZ_DATA_DIR": str(self.data_dir), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "dashboard.cli", *arguments],
            env=env, cwd=self.data_dir, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, url: str | None = None) -> tuple[int, str]:
        with self.start(*arguments, url=url) as process:
            output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(statement)  # type: ignore[arg-type]


@pytest.fixture
def mtz(server18: Server, tmp_path: Path) -> Mtz:
    found = Mtz(server18.database(), tmp_path)
    found.execute(
        "INSERT INTO bots (bot, adapter) VALUES ('tg', 'wrapper'); "
        "INSERT INTO strategies (name, bot) VALUES ('tg/wheel', 'tg'), ('tg/hedge', 'tg')"
    )
    return found


def test_a_pause_without_an_agent_says_that_nobody_took_it(mtz: Mtz) -> None:
    code, output = mtz.run("strategy", "pause", "tg/wheel", "--reason", "earnings", "--no-wait")
    assert code == 0, output
    assert "sends no new orders" in output
    assert "nothing is closed" in output
    with psycopg.connect(mtz.url) as conn:
        row = conn.execute("SELECT strategy, action, actor_kind, reason FROM commands").fetchone()
    assert row == ("tg/wheel", "pause", "local", "earnings")


def test_a_command_is_watched_until_it_is_settled(mtz: Mtz) -> None:
    process = mtz.start("strategy", "stop", "tg/wheel")
    enforced = threading.Thread(target=_enforce_soon, args=(mtz,))
    enforced.start()
    output, _ = process.communicate(timeout=60)
    enforced.join()
    assert process.returncode == 0, output
    assert "enforced" in output


def _enforce_soon(mtz: Mtz) -> None:
    with psycopg.connect(mtz.url, autocommit=True) as conn:
        conn.execute("LISTEN mtz_commands")
        if conn.execute("SELECT count(*) FROM commands").fetchone() == (0,):
            next(conn.notifies(timeout=60))
        conn.execute(
            "INSERT INTO command_progress (command, state, claimed_by, settled_at) "
            "SELECT id, 'enforced', 'test', now() FROM commands"
        )


def test_names_and_impossible_wishes_are_refused_in_words(mtz: Mtz) -> None:
    code, output = mtz.run("strategy", "pause", "tg/nothing")
    assert (code, "tg/hedge, tg/wheel" in output) == (1, True), output
    code, output = mtz.run("strategy", "pause", "tg/wheel", "--opening")
    assert (code, "pause all of it instead" in output) == (1, True), output


def test_the_kill_switch_works_with_the_database_down(mtz: Mtz, server18: Server) -> None:
    nowhere = server18.url("nowhere")
    code, output = mtz.run("kill", "--reason", "flash crash", url=nowhere)
    assert code == 1
    assert "no bot starts from now on" in output
    assert "not cancelled yet" in output
    assert "flash crash" in (mtz.data_dir / "control" / "kill.json").read_text()


def test_the_log_is_walked(mtz: Mtz) -> None:
    for action in ("pause", "stop"):
        assert mtz.run("strategy", action, "tg/wheel", "--no-wait")[0] == 0
    mtz.execute("INSERT INTO audit_events (kind, actor) VALUES ('a', 'b')")
    code, output = mtz.run("audit", "verify")
    assert (code, "3 events, the chain is whole" in output) == (0, True), output
    mtz.execute(
        "ALTER TABLE audit_events DISABLE TRIGGER audit_refuse; UPDATE audit_events SET actor = 'nobody' WHERE id = 2"
    )
    code, output = mtz.run("audit", "verify")
    assert (code, "Event 2 was changed" in output) == (1, True), output


def test_the_list_names_what_is_in_force_for_single_symbols(mtz: Mtz) -> None:
    mtz.run("strategy", "pause", "tg/wheel", "--symbol", "KO", "--no-wait")
    mtz.execute(
        "INSERT INTO strategy_states (strategy, symbol, desired, command) SELECT 'tg/wheel', 'KO', 'paused', id FROM commands"
    )
    assert mtz.run("strategy", "list") == (0, "tg/hedge  active\ntg/wheel  active  KO paused\n")
