"""`mtz connect`: find TWS or IB Gateway, say what it lets us do and what to click, and write `.env`."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings
from dashboard.sources import write_atomically
from data.ibkr.probe import Examination, examine
from data.model import GatewayState, Source

USUAL_PORTS = {4001: "IB Gateway, live", 4002: "IB Gateway, paper", 7496: "TWS, live", 7497: "TWS, paper"}
TIMEOUT_S = 6.0
MENU = "Configure > Settings > API > Settings"  # TWS: File or the gear > Global Configuration > API > Settings
MARKET_DATA = {1: "live", 2: "frozen (the market is closed)", 3: "delayed", 4: "delayed, frozen (the market is closed)"}
ADVICE = f"""Nothing usable was found. In TWS or IB Gateway:
  1. Log in, and confirm the second factor on your phone.
  2. {MENU}: tick "Enable ActiveX and Socket Clients" (IB Gateway has it always on).
  3. The same page: "Socket port" must be one of the ports above (or give yours: mtz connect --port N).
  4. From another machine: untick "Allow connections from localhost only" and add this machine's address to "Trusted IPs".
Then run `mtz connect` again."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes into `.env`."""

    host: str
    port: int
    client_id: int
    account: str
    source: Source | None

    def values(self) -> dict[str, str]:
        return {
            "IBKR_HOST": self.host,
            "IBKR_PORT": str(self.port),
            "IBKR_CLIENT_ID": str(self.client_id),
            "IBKR_ACCOUNT": self.account,
        }


def connect_account(
    settings: Settings, host: str, ports: tuple[int, ...], *, yes: bool, env_file: Path, say: Say = typer.echo
) -> int:
    """Look, report, choose, write.

    Raises:
        CannotRunError: nothing usable was found, or which account is meant can't be told.
    """
    for library in ("ib_insync", "ib_async"):  # every refusal comes back as a sentence of ours
        logging.getLogger(library).setLevel(logging.CRITICAL)
    usable: list[tuple[int, Examination]] = []
    for port in ports or tuple(USUAL_PORTS):
        found = examine(host, port, settings.ibkr_client_id, TIMEOUT_S)
        _report(host, port, settings.ibkr_client_id, found, say)
        if found.result.problem == "" and found.result.accounts:
            usable.append((port, found))
    if not usable:
        say(ADVICE)
        raise CannotRunError(f"No usable TWS or IB Gateway on {host}; {env_file} is as it was.", Exit.GATEWAY)
    choice = _choose(settings, host, usable, yes=yes, say=say)
    return _write(env_file, choice, yes=yes, say=say)


def _report(host: str, port: int, client_id: int, found: Examination, say: Say) -> None:
    result = found.result
    usual = f" ({USUAL_PORTS[port]})" if port in USUAL_PORTS else ""
    if result.state is GatewayState.REFUSED and result.problem.startswith("Nothing listens"):
        say(f"{host}:{port}{usual}: nothing listens here")  # the advice at the end says it at length, once
        return
    if result.problem:
        say(f"{host}:{port}{usual}: {result.problem}")
        if result.state is GatewayState.CLIENT_ID_IN_USE:
            say(f"  Or choose another id: mtz connect --client-id {client_id + 1}")
        return
    say(f"{host}:{port}{usual}: answers, API version {result.server_version}")
    for name, text in _facts(found, client_id):
        say(f"  {name:<14} {text}")


def _facts(found: Examination, client_id: int) -> list[tuple[str, str]]:
    result = found.result
    kind = result.source.value if result.source else "unknown kind"
    accounts = ", ".join(result.accounts) or "none: log in with a user that has one"
    data = MARKET_DATA.get(found.market_data_type or 0, "none came")
    if found.market_data_problem:
        data = f"{data}; the gateway says: {found.market_data_problem} Subscribe in the Client Portal > Settings > Market Data."
    read_only = {
        True: "on: fine, this dashboard only reads",
        False: f"off: fine, and you may tick it ({MENU} > Read-Only API) if no bot places orders here and none is to be stopped",
        None: "could not be told",
    }[found.read_only]
    fills = (
        "visible"
        if found.other_clients_fills
        else f"not seen yet: make {client_id} the Master Client ID ({MENU} > Master API client ID)"
    )
    facts = [
        ("accounts", f"{accounts} ({kind})"),
        ("client id", f"{client_id} is free"),
        ("market data", data),
        ("read-only API", read_only),
        ("bots' fills", fills),
    ]
    if found.clock_skew_s is not None and abs(found.clock_skew_s) > 2:
        facts.append(("clock", f"{found.clock_skew_s:+.0f} s off ours: turn on time synchronisation on both machines"))
    return facts


def _choose(settings: Settings, host: str, usable: list[tuple[int, Examination]], *, yes: bool, say: Say) -> Choice:
    index = 0
    if len(usable) > 1:
        if not yes and sys.stdin.isatty():
            for number, (port, found) in enumerate(usable, start=1):
                say(f"  {number}. {host}:{port} {', '.join(found.result.accounts)}")
            index = typer.prompt("Which one", type=_from_one_to(len(usable)), default=1) - 1
        else:
            say(f"Several answer; {host}:{usable[0][0]} is taken (choose with --port).")
    port, found = usable[index]
    return Choice(host, port, settings.ibkr_client_id, _account(settings, found, yes=yes), found.result.source)


def _from_one_to(last: int) -> object:
    """A number from 1 to `last`, for a prompt."""
    import click

    return click.IntRange(1, last)


def _account(settings: Settings, found: Examination, *, yes: bool) -> str:
    accounts = found.result.accounts
    if settings.ibkr_account in accounts:
        return str(settings.ibkr_account)
    if len(accounts) == 1:
        return accounts[0]
    if yes or not sys.stdin.isatty():
        raise CannotRunError(
            f"The log-in has several accounts ({', '.join(accounts)}): name one with --account.", Exit.GATEWAY
        )
    import click

    return str(typer.prompt("Which account", type=click.Choice(accounts), default=accounts[0]))


def _write(path: Path, choice: Choice, *, yes: bool, say: Say) -> int:
    path = path.resolve()  # a link stays a link
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = with_values(old, choice.values())
        if new == old:
            say(f"{path} says so already. Start it with `mtz run`.")
            return Exit.OK
        if old and not yes:
            say("These lines go into " + str(path) + ":")
            for name, value in choice.values().items():
                say(f"  {name}={value}")
            if not sys.stdin.isatty() or not typer.confirm("Change it?"):
                say(f"{path} is as it was; `mtz connect --yes` writes it.")
                return Exit.FAILED
        write_atomically(path, new, path.stat().st_mode & 0o777 if path.exists() else 0o600)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CannotRunError(
            f"{path} can't be written ({reason}): mend that, or choose --env-file.", Exit.FAILED
        ) from None
    say(
        f"{path} is written ({choice.source.value if choice.source else 'account'} {choice.account}). Start it with `mtz run`."
    )
    return Exit.OK


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` of a `.env` with `values` set; every other line and comment stays, a doubled name is left once.

    A line MTZ_SOURCE=demo would contradict a real gateway and becomes auto.
    """
    waiting = dict(values)
    lines: list[str] = []
    for line in text.splitlines():
        match = re.match(r"\s*(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", line)
        name = match[2] if match else ""
        if name == "MTZ_SOURCE":
            lines.append(f"{match[1] or ''}MTZ_SOURCE=auto" if match else line)
        elif name not in values:
            lines.append(line)
        elif name in waiting:
            lines.append(f"{(match[1] if match else '') or ''}{name}={waiting.pop(name)}")
    lines += [f"{name}={value}" for name, value in waiting.items()]
    return "\n".join(lines) + "\n"
