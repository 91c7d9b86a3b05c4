"""`mtz strategy`, `mtz kill` and `mtz audit`: the control path from the command line of the machine."""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data import audit, control
from data.audit import Caller
from data.commands import (
    Commands,
    ImpossibleCommandError,
    KeyReusedError,
    Request,
    Submitted,
    UnknownCommandError,
    UnknownStrategyError,
)
from data.control_views import CommandView
from data.db import DatabaseError, connect, explain, make_engine
from data.model import Role
from data.strategies.desired import EVERY, Action, CommandState, Scope
from data.strategies.folder import ControlFolder, ControlFolderError

Say = Callable[[str], object]

PATIENCE_S = 10.0  # how long a command is watched
LOOK_S = 0.1


def local_caller() -> Caller:
    """Whoever sits at the machine: never locked out, needs no log-in."""
    return Caller(f"{getpass.getuser()} (command line)", "local", socket.gethostname())


def list_strategies(settings: Settings, say: Say) -> Exit:
    """A line for each strategy: what is in force, and for which of its symbols something else is."""
    with closing(_connect(settings)) as conn:
        found = conn.execute(
            "SELECT s.name, coalesce(t.desired, 'active'), s.is_listed, "
            "  (SELECT string_agg(h.symbol || ' ' || replace(h.desired, '_', ' '), ', ' ORDER BY h.symbol)"
            "     FROM strategy_states h WHERE h.strategy = s.name AND h.symbol <> '' AND h.desired <> 'active') "
            "FROM strategies s LEFT JOIN strategy_states t ON t.strategy = s.name AND t.symbol = '' ORDER BY s.name"
        ).fetchall()
    killed = ControlFolder(settings.control_dir).killed()
    if killed is not None:
        say(f"The kill switch is thrown ({killed.get('actor') or 'by whom is not known'}): no bot starts.")
    if not found:
        say("No strategy is known yet: start a bot with `mtz bot -- …` (docs/bots.md).")
    width = max((len(row[0]) for row in found), default=0)
    for name, desired, is_listed, held in found:
        symbols = f"  {held}" if held else ""
        gone = "" if is_listed else "  (its bot no longer has it)"
        say(f"{name:{width}}  {desired.replace('_', ' ')}{symbols}{gone}")
    return Exit.OK


def give(settings: Settings, request: Request, say: Say, *, wait: bool = True) -> Exit:
    """Give one command and watch it until it is settled; the exit code says whether it was enforced."""
    url = database_url_of(settings)
    engine = make_engine(url, Role.AGENT, "command", pool_size=1)
    try:
        commands = Commands(engine, url)
        submitted = _submit(commands, request)
        answer = control.answer(commands, submitted)
        say(answer["effect"])
        say(answer["positions"])
        return _watch(commands, submitted, say) if wait else Exit.OK
    except DatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    finally:
        engine.dispose()


def kill(settings: Settings, reason: str | None, say: Say) -> Exit:
    """Throw the kill switch: first the file that every start of a bot reads, then the command, if the database is there."""
    try:
        ControlFolder(settings.control_dir).kill(local_caller().name, reason)
    except ControlFolderError as error:
        raise CannotRunError(f"The kill switch was NOT thrown: {error}", Exit.DATA_DIR) from None
    say("The kill switch is thrown on this machine: no bot starts from now on.")
    try:
        return give(settings, Request(EVERY, Action.STOP, reason=reason), say)
    except CannotRunError as error:
        say(f"Working orders are not cancelled yet: {error}")
        say("The agent cancels them as soon as it and the database are back.")
        return Exit.FAILED


def release(settings: Settings, reason: str | None, say: Say) -> Exit:
    """Release the kill switch; each strategy stays stopped until it is resumed."""
    return give(settings, Request(EVERY, Action.RESUME, reason=reason), say)


def verify_audit(settings: Settings, say: Say) -> Exit:
    """Walk the audit log's chain, and compare its end with the head kept outside the database."""
    with closing(_connect(settings)) as conn:
        kept = ControlFolder(settings.control_dir).audit_head(conn.info.dbname)
        verdict = audit.verify(conn, kept)
    for problem in verdict.problems:
        say(problem)
    if verdict.problems:
        say("Somebody with the owner's rights to the database did this; a backup has what was there.")
        return Exit.FAILED
    number, digest = verdict.head
    say(f"{verdict.events} events, the chain is whole up to number {number} ({digest[:16]}…).")
    if kept is None:
        say("No head is kept outside the database yet, so that a cut-off end would not show: the agent writes one.")
    say("What this can't show: whoever owns the database can write all of it anew, together with that file.")
    return Exit.OK


def parse(strategy: str, action: Action, *, opening: bool, symbol: str | None, reason: str | None) -> Request:
    return Request(strategy, action, Scope.OPENING if opening else Scope.ALL, symbol, reason)


def _submit(commands: Commands, request: Request) -> Submitted:
    try:
        return commands.submit(local_caller(), request)
    except (UnknownStrategyError, UnknownCommandError, ImpossibleCommandError, KeyReusedError) as error:
        raise CannotRunError(str(error), Exit.FAILED) from None


def _watch(commands: Commands, submitted: Submitted, say: Say) -> Exit:
    command = submitted.command
    said, deadline = "", time.monotonic() + PATIENCE_S
    while True:
        if (line := _line(command)) != said:
            say(line)
            said = line
        state = CommandState(command["state"])
        if state.is_settled:
            return Exit.OK if state is CommandState.ENFORCED else Exit.FAILED
        if time.monotonic() > deadline:
            say(f"Not settled yet: `mtz strategy show {command['id']}` says how far it is.")
            if state is CommandState.REQUESTED:
                say("No agent has taken it: is `mtz agent` (part of `mtz run`) running?")
            return Exit.FAILED
        time.sleep(LOOK_S)
        command = commands.get(command["id"])


def show(settings: Settings, command_id: str, say: Say) -> Exit:
    """How far a command is."""
    url = database_url_of(settings)
    engine = make_engine(url, Role.AGENT, "command", pool_size=1)
    try:
        command = Commands(engine, url).get(command_id)
    except UnknownCommandError as error:
        raise CannotRunError(str(error), Exit.FAILED) from None
    except DatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    finally:
        engine.dispose()
    of = f" {command['symbol']} in" if command["symbol"] else ""
    say(f"{command['action']}{of} {command['strategy']}, by {command['actor']}, {command['requested_at']}")
    say(_line(command))
    return Exit.OK


def _line(command: CommandView) -> str:
    words = command["state"].replace("_", " ") + (f": {command['detail']}" if command["detail"] else "")
    remaining = [f"  order {order['perm_id']}, {order['what']}: {order['advice']}" for order in command["remaining"]]
    return "\n".join([words, *remaining])


def _connect(settings: Settings) -> psycopg.Connection[Any]:
    url = database_url_of(settings)
    try:
        return connect(url, Role.AGENT, "command", autocommit=True)
    except psycopg.Error as error:
        raise CannotRunError(explain(error, url), Exit.DATABASE) from None
