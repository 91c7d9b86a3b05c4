"""`mtz user` and `mtz token`, and the first start where a log-in is needed."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dashboard import users
from dashboard.exits import CannotRunError, Exit
from dashboard.settings import load_settings
from tests.auth.conftest import KEY, PASSWORD, Machine, events
from tests.stack.harness import open_folder
from tests.web.server import PATIENCE_S, ROOT, free_port


@pytest.fixture
def mtz(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command says; `typed` comes from standard input."""
    settings = load_settings(database_url=url, data_dir=tmp_path, secret_key=KEY)

    def run(command: Callable[..., object], *arguments: object, typed: str = "") -> str:
        said: list[str] = []
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed + "\n"))
        assert command(settings, *arguments, said.append) == Exit.OK
        return "\n".join(said)

    return run


def test_a_user_s_life(mtz: Callable[..., str], owner: psycopg.Connection[Any]) -> None:
    assert "There is no user" in mtz(users.list_users)
    assert mtz(users.create, "mary", "viewer", typed=PASSWORD) == (
        "The user mary is made: viewer.\nThere is no admin yet: `mtz user role` makes one of a user."
    )
    assert "admin now" in mtz(users.set_role, "Mary", "admin")
    assert "new password" in mtz(users.set_password, "mary", typed="another twelve words")
    with pytest.raises(CannotRunError, match="mary is the last admin: make another one first"):
        mtz(users.set_active, "mary", False)
    mtz(users.create, "olga", "admin", typed=PASSWORD)
    mtz(users.set_active, "mary", False)
    owner.execute(
        "INSERT INTO login_attempts (subject, failures, locked_until) VALUES ('user olga', 9, now() + interval '1 hour')"
    )
    lines = mtz(users.list_users).splitlines()
    assert lines[0].split() == ["name", "role", "state", "also", "last", "log-in"]
    assert [line.split()[:3] for line in lines[1:]] == [["mary", "admin", "disabled"], ["olga", "admin", "locked"]]
    mtz(users.unlock, "olga")
    assert owner.execute("SELECT count(*) FROM login_attempts").fetchone() == (0,)
    mtz(users.remove_code, "olga")
    assert "(command line)" in str(events(owner, "user.unlocked")[0][0])
    assert events(owner, "user.created")[0][2:] == ("olga", {"role": "admin"})


def test_a_token_s_life(machine: Machine, mtz: Callable[..., str], owner: psycopg.Connection[Any]) -> None:
    made = machine.mtz("token", "create", "cron", "--scope", "control", "--days", "7")
    assert re.fullmatch(r"mtz_[\w-]{43}\n", made.stdout)  # nothing else: for TOKEN=$(mtz token create …)
    assert "shown this once" in made.stderr
    assert mtz(users.list_tokens).splitlines()[1].split()[:4] == ["cron", "control", "command", "line"]
    assert mtz(users.revoke_token, "CRON") == "The token cron is revoked."
    with pytest.raises(CannotRunError, match="no such token"):
        mtz(users.revoke_token, "cron")
    assert made.stdout.strip() not in str(owner.execute("SELECT * FROM audit_events").fetchall())


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [(users.create, ("bad name", "viewer"), "is no name for a user"), (users.create, ("x", "king"), "is no role"),
     (users.set_role, ("nobody", "admin"), "There is no user 'nobody'"), (users.create_token, ("t", "all", 1, None), "is no scope"),
     (users.create_token, ("bad name", "read", 1, None), "is no name for a token")],
)  # fmt: skip
def test_refusals_are_one_sentence(
    mtz: Callable[..., str], command: Callable[..., object], arguments: tuple[object, ...], words: str
) -> None:
    with pytest.raises(CannotRunError, match=words):
        mtz(command, *arguments, typed=PASSWORD)


class Terminal:
    """A program on a terminal of its own, whose words are read all the time: it never waits for us."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # it becomes the controlling one
        )  # fmt: skip
        os.close(other)
        self.seen = ""
        self._at = 0
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(self._end, 4096):
                with self._news:
                    self.seen += data.decode(errors="replace")
                    self._news.notify_all()

    def wait(self, text: str, patience: float = PATIENCE_S) -> None:
        """Until `text` comes after what was waited for before."""
        with self._news:
            assert self._news.wait_for(lambda: text in self.seen[self._at :], patience), self.seen
            self._at = self.seen.index(text, self._at) + len(text)

    def type(self, line: str) -> None:
        os.write(self._end, line.encode() + b"\n")

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        self._reader.join()
        os.close(self._end)


@pytest.mark.timeout(300)
def test_on_a_terminal_the_owner_is_made_at_the_first_start() -> None:
    with open_folder() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MTZ_", "IBKR_"))}
        environment |= {"MTZ_DATA_DIR": str(folder / "data"), "MTZ_PORT": str(free_port()), "MTZ_LOGIN": "always"}
        environment |= {"MTZ_DEMO_HISTORY_DAYS": "0", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "dashboard.cli", "run"]
        alone = subprocess.run(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert alone.returncode == 1
        assert "mtz user create" in alone.stderr
        assert len(alone.stderr.splitlines()) == 1
        terminal = Terminal(command, environment, folder)
        try:
            terminal.wait("Name")
            terminal.type("olga")
            terminal.wait("or more): ")  # the blank comes once nothing is echoed any more
            terminal.type("short")
            terminal.wait("The same again: ")
            terminal.type("short")
            terminal.wait("too short")
            terminal.wait("or more): ")  # the blank comes once nothing is echoed any more
            terminal.type(PASSWORD)
            terminal.wait("The same again: ")
            terminal.type(PASSWORD)
            terminal.wait("olga is made: admin")
            terminal.wait("is running", 2 * PATIENCE_S)
            assert PASSWORD not in terminal.seen
        finally:
            terminal.close()
        assert (folder / "data" / "secret-key").stat().st_mode & 0o077 == 0
