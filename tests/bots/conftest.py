"""The real bots in environments of their own, at a gateway and a database of the test's own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.agent.world import World
from tests.bots import files
from tests.gateway.conftest import environment
from tests.gateway.raw import RawClient
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import PROJECT, GatewayHandle, start_gateway

CLIENT_ID = 7


@dataclass(frozen=True)
class Kind:
    """A bot: its name, how it is called, and which file it reads."""

    name: str
    program: Path
    family: str

    @property
    def config(self) -> str:
        return f"{self.name}.toml"


def program_of(name: str, program: str) -> Path:
    """A bot's program, installed on first use. Skips where that can't be done, with the reason; in CI it must."""
    try:
        return environment(name).parent / program
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{name} can't be installed here: {getattr(error, 'stderr', None) or error}")


def moneytrailz() -> Path:
    """MoneyTrailz of MONEYTRAILZ_DIR, a checkout, installed into an environment of its own; else a skip that says so."""
    checkout = os.environ.get("MONEYTRAILZ_DIR")
    if not checkout:
        pytest.skip("MONEYTRAILZ_DIR names no checkout of MoneyTrailz: it isn't tried")
    folder = PROJECT / ".cache" / "venvs" / f"moneytrailz-py{sys.version_info[0]}{sys.version_info[1]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    program, python = folder / "bin" / "moneytrailz", str(folder / "bin" / "python")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
            subprocess.run([python, "-m", "pip", "install", "--quiet", checkout], check=True, timeout=600)
    return program


@pytest.fixture(params=["thetagang2", "thetagang1", "moneytrailz"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each of the real bots."""
    if request.param == "moneytrailz":
        return Kind("moneytrailz", moneytrailz(), "thetagang1")
    return Kind("thetagang", program_of(request.param, "thetagang"), request.param)


@dataclass
class Ran:
    code: int
    output: str
    said: str  # of `mtz bot` itself


class BotWorld(World):
    """A world with a bot's configuration and a gateway; `run` is `mtz bot`."""

    def __init__(self, url: str, folder: Path, gateway: GatewayHandle, kind: Kind) -> None:
        super().__init__(url, folder)
        self.gateway, self.kind = gateway, kind
        self.config = folder / kind.config
        self.write()

    def write(self, **changes: Any) -> None:
        """The bot's configuration, at this gateway."""
        text = files.SECOND if self.kind.family == "thetagang2" else files.FIRST
        values = {
            "port": self.gateway.port,
            "client_id": CLIENT_ID,
            "log": self.data_dir / "ib.log",
            "close": 1.0,
            "roll": 0.99,
        } | changes
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        self.config.write_text(text)

    def command(
        self, *options: str, program: str | None = None, **environment: str
    ) -> tuple[list[str], dict[str, str]]:
        bot = [program or str(self.kind.program), "--config", self.kind.config, "--without-ibc"]
        command = [sys.executable, "-W", "error", "-m", "dashboard.cli", "bot", *options, "--", *bot]
        mine = {"PYTHONPATH": str(PROJECT), "MTZ_DATA_DIR": str(self.data_dir), "DATABASE_URL": self.url}
        return command, {**os.environ, **mine, **environment}

    def run(self, *options: str, program: str | None = None, **environment: str) -> Ran:
        command, env = self.command(*options, program=program, **environment)
        done = subprocess.run(command, env=env, cwd=self.data_dir, capture_output=True, text=True, timeout=200)
        said = "\n".join(line for line in done.stderr.splitlines() if line.startswith("mtz"))
        return Ran(done.returncode, done.stdout + done.stderr, said)

    def make_known(self) -> None:
        """Have the bot and its strategies in the database without a run that trades."""
        known = self.run("--name", self.kind.name, program="true")
        assert known.code == 0, known.output

    def last_run(self) -> dict[str, Any]:
        return self.rows("SELECT * FROM bot_runs ORDER BY started_at DESC LIMIT 1")[0]

    def working(self) -> dict[int, tuple[str, str, str, int]]:
        """What works at the broker: permId → security type, symbol, action, client id."""
        found: dict[int, tuple[str, str, str, int]] = {}
        told: dict[str, tuple[str, str, str]] = {}
        with RawClient(self.gateway.host, self.gateway.port) as client:
            client.hello()
            client.start(999)
            client.read_until(9)
            client.send(16, 1)  # reqAllOpenOrders
            while (message := client.read())[0] != "53":
                if message[0] == "5":
                    told[message[1]] = (message[4], message[3], message[13])
                elif message[0] == "3":
                    found[int(message[6])] = (*told[message[1]], int(message[9]))
        return found

    def name(self, strategy: str) -> str:
        return f"{self.kind.name}/{strategy}"

    def effective(self) -> str:
        return (self.data_dir / f"{self.kind.name}.mtz.toml").read_text()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    """Only the test and its bot trade here, and their orders work on without a fill."""
    with start_gateway(tmp_path, trader=False, master_client_id=30, message_limit=500) as handle:
        handle.admin("set_fills", on=False)
        yield handle


@pytest.fixture
def world(url18: str, tmp_path: Path, gateway: GatewayHandle, kind: Kind) -> Iterator[BotWorld]:
    found = BotWorld(url18, tmp_path, gateway, kind)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def poller(world: BotWorld, tmp_path: Path) -> Iterator[PollerProcess]:
    """The poller, connected."""
    with PollerProcess(tmp_path, database_url=world.url, host=world.gateway.host, port=world.gateway.port) as process:
        eventually(lambda: world.rows("SELECT 1 FROM poller_status WHERE gateway_state = 'connected'"), process.log)
        yield process
