"""`mtz run`: embedded database, simulated gateway and its bot, poller, agent, housekeeping and web server as one supervised tree."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.healthcheck import agent_alive, bot_alive, gateway_alive, housekeeping_alive, poller_alive, web_alive
from dashboard.login import settings_need_login
from dashboard.logs import make_formatter
from dashboard.progress import relay
from dashboard.running import RunLock, Running, unwritable
from dashboard.seeding import seed_is_wanted, state_path
from dashboard.settings import Settings, child_environment
from dashboard.sources import Answer, choose_source, database_name, write_atomically
from dashboard.supervisor import Console, Guard, Part, ProcessPart, Supervisor
from dashboard.web import gunicorn_command, require_port
from data.demobot.options import BOT
from data.embedded import EmbeddedDatabaseError, EmbeddedPostgres
from data.model import Source

PROJECT = Path(__file__).resolve().parents[1]
RELOAD_FOLDERS = ("dashboard", "callbacks", "layouts", "data", "sql")
RELOAD_SUFFIXES = {".py", ".sql", ".js", ".css", ".html", ".svg"}


def run_stack(settings: Settings, *, reload: bool = False) -> int:
    """Start everything and keep it running until SIGTERM, SIGHUP or Ctrl-C; then stop it in order.

    Raises:
        CannotRunError: something can't run at all; what had been started is stopped again.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    logs = prepare_folders(settings.data_dir)
    lock = RunLock(settings.data_dir)
    lock.acquire(Running(os.getpid(), settings.url))
    console = Console(logs, make_formatter("json") if settings.log_format == "json" else None)
    try:
        require_port(settings.host, settings.port)
        stack = _Stack(settings, logs, console, stopping, echo_web=reload)
        if stack.database_url:
            lock.describe(Running(os.getpid(), settings.url, stack.database_url))
        stack.require_owner()
        supervisor = Supervisor(stack.parts, console, stopping, on_all_ready=stack.announce)
        watcher = Reloader(lambda: supervisor.restart("web")) if reload else None
        supervisor.run(watcher.look if watcher else lambda: None)
        console.say("mtz", "stopped; everything is kept for the next start")
    finally:
        console.close()
        lock.release()
    return Exit.OK


class _Stack:
    """Which parts these settings need, and how each is started."""

    def __init__(
        self, settings: Settings, logs: Path, console: Console, stopping: threading.Event, *, echo_web: bool
    ) -> None:
        self._settings = settings
        self._logs = logs
        self._console = console
        self._stopping = stopping
        self._own_gateway = settings.ibkr_host is None
        self._has_demo_bot = self._own_gateway and settings.demo_bot == "on"
        self._database: DatabasePart | None = None
        self.database_url: str | None = None
        self.source: Source | None = None
        self.parts: list[Part] = []
        changes: dict[str, object] = {}
        needs: list[Part] = []
        if settings.database_url is None:
            self.source = choose_source(settings, ask_gateway)
            database = DatabasePart(settings.data_dir / "database", database_name(self.source), stopping.is_set)
            self._database = database
            self.database_url = str(database.url)
            changes["database_url"] = self.database_url
            self.parts.append(database)
            needs.append(database)
        if self._own_gateway:
            port = _gateway_port(settings.data_dir)
            changes |= {"ibkr_host": "127.0.0.1", "ibkr_port": port, "source": "demo"}
        env = self._environment(settings.model_copy(update=changes))
        schema = self._process("schema", ["migrate"], env, needs=needs, once=True)
        past = self._past(env, schema)
        if self._own_gateway:
            self.parts.append(self._gateway(port, past))
        poller = self._process(
            "poller", ["poll"], env, needs=[schema, *self.parts], ready=self._poller_ready, may_fail=True
        )
        web = ProcessPart(
            "web", gunicorn_command(settings), env=env, folder=logs, console=console,
            ready=self._web_ready, needs=[schema], patience_s=4.0, may_fail=echo_web, echo=echo_web,
        )  # fmt: skip
        keeper = self._process(
            "housekeeping", ["housekeeping"], env, needs=[schema, *past], ready=self._housekeeping_ready, may_fail=True
        )
        agent = self._process(
            "agent",
            ["agent"],
            env,
            needs=[schema],
            ready=lambda part: agent_alive(self._url(), part.started_at),
            patience_s=4.0,
            may_fail=True,
        )
        self.parts += [schema, *past, poller, keeper, agent, web]
        if self._has_demo_bot:
            trades_on = [part for part in self.parts if part.name == "gateway"]
            bot = self._process(
                "demobot", ["demobot"], env, needs=[*trades_on, web], ready=self._bot_ready, may_fail=True
            )
            self.parts.append(bot)

    def require_owner(self) -> None:
        """Where a log-in is needed somebody must be able to log in: on a terminal the owner is made now.

        Raises:
            CannotRunError: there is no user and nobody to ask.
        """
        why = settings_need_login(self._settings)
        if why is None and self.source in (Source.PAPER, Source.LIVE):
            why = f"the account is {self.source.value}"
        if why is None:
            return
        with self._database.running() if self._database else contextlib.nullcontext():
            command = [sys.executable, "-m", "dashboard.cli", "user", "first", "--why", why]
            env = self._environment(self._settings.model_copy(update={"database_url": self._url()}))
            child = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
            while child.poll() is None:
                if self._stopping.wait(0.1):
                    child.terminate()
            last = (child.communicate()[1].strip().splitlines() or ["No user was made."])[-1]
        # A database that is away is told of by the part that needs it.
        if child.returncode not in (Exit.OK, Exit.DATABASE) and not self._stopping.is_set():
            raise CannotRunError(last.removeprefix("mtz: "), Exit.FAILED)

    def announce(self) -> None:
        """What is said once, when everything is ready."""
        source = Source.DEMO if self._own_gateway else self.source
        badge = f" ({source.value.upper()})" if source else ""
        self._console.say("mtz", f"MoneyTrailz is running{badge}: {self._settings.url}  (Ctrl-C stops it)")

    def _past(self, env: dict[str, str], schema: Part) -> list[Part]:
        """The step that gives a new demo its past, where it is wanted."""
        settings = self._settings
        if not (self._own_gateway and self.database_url and seed_is_wanted(settings)):
            return []
        days = settings.demo_history_days
        intention = f"a new demo is given a past of {days} days first, in about {max(days // 15, 3)} s (MTZ_DEMO_HISTORY_DAYS=0: none)"
        show = relay(self._console, "history", intention)
        return [self._process("history", ["seed"], env, needs=[schema], once=True, show=show)]

    def _gateway(self, port: int, needs: list[Part]) -> ProcessPart:
        settings = self._settings
        state = state_path(settings.data_dir)
        arguments = [
            "gateway", "--port", str(port), "--state", str(state), "--master-client-id", str(settings.ibkr_client_id),
            "--no-trader" if self._has_demo_bot else "--trader",
        ]  # fmt: skip
        env = self._environment(settings.model_copy(update={"database_url": None}))
        return self._process(
            "gateway",
            arguments,
            env,
            ready=lambda _: f"simulated, 127.0.0.1:{port}" if gateway_alive(port) else None,
            needs=needs,
            patience_s=1.5,
        )

    def _process(
        self,
        name: str,
        arguments: list[str],
        env: dict[str, str],
        *,
        ready: Callable[[ProcessPart], str | None] = lambda _: None,
        needs: list[Part] | None = None,
        patience_s: float = 2.5,
        once: bool = False,
        may_fail: bool = False,
        show: Callable[[str], bool] = lambda _: False,
    ) -> ProcessPart:
        return ProcessPart(
            name, [sys.executable, "-m", "dashboard.cli", *arguments], env=env, folder=self._logs,
            console=self._console, ready=ready, needs=needs or [], patience_s=patience_s, once=once, may_fail=may_fail,
            show=show,
        )  # fmt: skip

    def _environment(self, settings: Settings) -> dict[str, str]:
        env = child_environment(settings)
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT), env.get("PYTHONPATH", "")]))
        env["PYTHONUNBUFFERED"] = "1"
        return env

    def _poller_ready(self, part: ProcessPart) -> str | None:
        found = poller_alive(self._url(), part.started_at)
        return f"account {found[0]}, gateway {found[1]}" if found else None

    def _bot_ready(self, part: ProcessPart) -> str | None:
        return "trades on the simulated gateway" if bot_alive(self._url(), BOT, part.started_at) else None

    def _housekeeping_ready(self, _: ProcessPart) -> str | None:
        flavour = housekeeping_alive(self._url())
        return {"plain": "roll-ups in plain tables", "timescale": "TimescaleDB"}.get(flavour or "")

    def _url(self) -> str:
        url = self.database_url or self._settings.database_url
        assert url is not None
        return url

    def _web_ready(self, _: ProcessPart) -> str | None:
        return self._settings.url if web_alive(self._settings.own_host, self._settings.port) else None


class DatabasePart(Part):
    """The embedded PostgreSQL with one database in it."""

    stage = 1
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, name: str, cancelled: Callable[[], bool]) -> None:
        super().__init__("database", patience_s=1.5)
        try:
            self._postgres = EmbeddedPostgres(folder)
        except EmbeddedDatabaseError as error:
            raise CannotRunError(str(error), Exit.DATABASE) from None
        self._database = name
        self._cancelled = cancelled
        self.url = self._postgres.url(name)

    def start(self) -> None:
        try:
            self._postgres.start(self._cancelled)
            if self._postgres.process is not None:
                self._postgres.ensure_database(self._database)
        except EmbeddedDatabaseError as error:
            self._postgres.stop(self.patience_s)
            raise CannotRunError(str(error), Exit.DATABASE) from None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """For a moment, before the stack itself starts."""
        self.start()
        guard = Guard()  # it ends the server where we are killed
        try:
            if self._postgres.process is not None:
                guard.add(self.stage, self._postgres.process.pid, self.stop_signal)
            yield
        finally:
            self.stop()
            guard.close()

    def pid(self) -> int | None:
        return self._postgres.process.pid if self._postgres.process else None

    def exit_code(self) -> int | None:
        return self._postgres.process.poll() if self._postgres.process else None

    def check_ready(self) -> str | None:
        return f"embedded PostgreSQL, database {self._database}"

    def stop(self) -> None:
        self._postgres.stop(self.patience_s)

    def last_words(self) -> str:
        return f"see {self._postgres.log_path}"


class Reloader:
    """Calls `changed` when a source file of the web process was edited, added or removed."""

    def __init__(self, changed: Callable[[], None], root: Path = PROJECT) -> None:
        self._changed = changed
        self._root = root
        self._seen = self._stamps()

    def look(self) -> None:
        now = self._stamps()
        if now != self._seen:
            self._seen = now
            self._changed()

    def _stamps(self) -> dict[str, int]:
        return {
            str(path): path.stat().st_mtime_ns
            for folder in RELOAD_FOLDERS
            for path in (self._root / folder).rglob("*")
            if path.suffix in RELOAD_SUFFIXES and path.exists()
        }


def ask_gateway(settings: Settings) -> Answer:
    """Ask the gateway at IBKR_HOST which account it is."""
    from data.ibkr.probe import probe

    assert settings.ibkr_host is not None
    result = probe(settings.ibkr_host, settings.ibkr_port, settings.ibkr_client_id, 8.0)
    return Answer(result.source, result.problem)


def prepare_folders(data_dir: Path) -> Path:
    """Make the data folder; as root others may pass through it, because the database runs as somebody else."""
    logs = data_dir / "logs"
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (logs, data_dir / "gateway", data_dir / "spool"):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not os.access(logs, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise unwritable(data_dir, error) from None
    return logs


def _gateway_port(data_dir: Path) -> int:
    """The port of the last time where it is free, so that what points at it keeps working; else any."""
    memory = data_dir / "gateway" / "port"
    wanted = 0
    if memory.exists() and (saved := memory.read_text().strip()).isdigit():
        wanted = int(saved)
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found != wanted:
            write_atomically(memory, f"{found}\n")
        return found
    raise CannotRunError(
        "There is no free port on 127.0.0.1 for the simulated gateway: end some programs.", Exit.IN_USE
    )
