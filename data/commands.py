"""Commands.submit: THE control path. A button, REST and the command line all end here: a row, an audit event, a NOTIFY.

The strategy agent does the rest (data/strategies/agent.py); nothing here says that anything has happened.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from data import audit, rows
from data.audit import Caller
from data.control_views import CommandView, ShortView
from data.queries import query, statement
from data.strategies.desired import EVERY, SAFETY, Action, CommandState, Desired, Scope, desired_of, safest
from data.transactions import away

CHANNEL = "mtz_commands"  # NOTIFY: there is a new command
LOCK_KEY = 0x4D545A05  # "MTZ", 5: commands are given one after the other, so that their numbers commit in order
LONGEST_REASON = 500
AWAY = "The command was not given."


class UnknownStrategyError(LookupError):
    """There is no such strategy; the message names those that exist."""


class UnknownCommandError(LookupError):
    """There is no such command."""


class ImpossibleCommandError(Exception):
    """The command can't be given now or to this strategy; the message says why and what to do."""


class OverruledError(ImpossibleCommandError):
    """A safer command is not settled yet; `command` is that one."""

    def __init__(self, message: str, command: CommandView) -> None:
        super().__init__(message)
        self.command = command


class KeyReusedError(ValueError):
    """The Idempotency-Key was given before with another request."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted. `strategy` is bot/strategy, or "*" for every one (the kill switch); `symbol` None: all of it."""

    strategy: str
    action: Action
    scope: Scope = Scope.ALL
    symbol: str | None = None
    reason: str | None = None

    def fingerprint(self) -> str:
        words = [self.strategy, self.action, self.scope, self.symbol, self.reason]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Submitted:
    command: CommandView
    is_new: bool  # False: this command was given before


class Commands:
    """Gives commands through `engine` (role web or agent). Every method raises DatabaseError when the database is away."""

    def __init__(self, engine: Engine, url: str | None = None) -> None:
        self._engine = engine
        self._url = url

    def submit(self, caller: Caller, request: Request, key: str | None = None) -> Submitted:
        """Give one command. `key`: the caller's Idempotency-Key.

        Raises:
            UnknownStrategyError, ImpossibleCommandError, OverruledError, KeyReusedError.
        """
        with self._transaction() as conn:
            if (known := _by_key(conn, caller, request, key)) is not None:
                return Submitted(known, is_new=False)
            _require_possible(conn, request)
            if (same := _same(conn, request)) is not None:
                _keep_key(conn, caller, request, key, same["id"])
                return Submitted(same, is_new=False)
            _refuse_less_safe(conn, request)
            targets = [request.strategy]
            if request.strategy == EVERY and request.action is Action.STOP:  # its release resumes none of them
                # Also what no bot names any more: an order of it may still work.
                targets += [row["name"] for row in _rows(conn, "strategy_exists", name=EVERY)]
            batch = uuid.uuid4() if len(targets) > 1 else None
            given = [_insert(conn, caller, request, name, batch) for name in targets]
            _keep_key(conn, caller, request, key, str(given[0]))
            conn.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
            conn.exec_driver_sql(statement("strategies_changed"))
            return Submitted(_command(conn, given[0]), is_new=True)

    def get(self, command_id: str) -> CommandView:
        """Raises UnknownCommandError."""
        try:
            wanted = uuid.UUID(command_id)
        except ValueError:
            raise UnknownCommandError("There is no such command.") from None
        with self._transaction(lock=False) as conn:
            return _command(conn, wanted)

    def shorts(self, strategy: str) -> list[ShortView]:
        """The strategy's open short options ("*": every one held), by expiry."""
        with self._transaction(lock=False) as conn:
            found = _rows(conn, "strategy_shorts", strategy=strategy)
        return [{**row, "expiry": row["expiry"].isoformat() if row["expiry"] else None} for row in found]  # type: ignore[typeddict-item]

    def _transaction(self, *, lock: bool = True) -> _Transaction:
        return _Transaction(self._engine, self._url, lock)


class _Transaction:
    """A transaction under the lock of commands; a database that is away becomes one sentence."""

    def __init__(self, engine: Engine, url: str | None, lock: bool) -> None:
        self._context = engine.begin()
        self._url, self._lock = url, lock

    def __enter__(self) -> Connection:
        try:
            conn = self._context.__enter__()
            if self._lock:
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            return conn
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            raise away(error, self._url, AWAY) from error

    def __exit__(self, *exception: Any) -> None:
        raised = exception[1]
        try:
            self._context.__exit__(*exception)
        except (OperationalError, InterfaceError) as failure:
            raised = failure
        lacks = errors.UndefinedTable | errors.InsufficientPrivilege
        if isinstance(raised, OperationalError | InterfaceError) or (
            isinstance(raised, DBAPIError) and isinstance(raised.orig, lacks)
        ):
            raise away(raised, self._url, AWAY) from raised


def _by_key(conn: Connection, caller: Caller, request: Request, key: str | None) -> CommandView | None:
    if key is None:
        return None
    found = _rows(conn, "command_key", actor_kind=caller.kind, actor=caller.name, key=key)
    if not found:
        return None
    if found[0]["fingerprint"] != request.fingerprint():
        raise KeyReusedError("This Idempotency-Key was given before with another request: take a new one.")
    return _command(conn, found[0]["command_id"])


def _keep_key(conn: Connection, caller: Caller, request: Request, key: str | None, command_id: str) -> None:
    if key is not None:
        told = {"actor_kind": caller.kind, "actor": caller.name, "key": key, "fingerprint": request.fingerprint()}
        conn.exec_driver_sql(statement("command_key"), {**told, "command_id": command_id})


def _insert(conn: Connection, caller: Caller, request: Request, strategy: str, batch: uuid.UUID | None) -> uuid.UUID:
    row = conn.exec_driver_sql(
        statement("command"),
        {
            "strategy": strategy,
            "symbol": request.symbol,
            "action": request.action.value,
            "scope": request.scope.value,
            "reason": request.reason,
            "actor": caller.name,
            "actor_kind": caller.kind,
            "origin": caller.origin,
            "batch": batch,
        },
    ).one()
    detail = {"command": row.id, "action": request.action, "scope": request.scope, "symbol": request.symbol}
    detail |= {"reason": request.reason, "positions": "untouched"}
    audit.write(conn, "command.requested", caller, strategy, detail)
    found: uuid.UUID = row.command_id
    return found


def _require_possible(conn: Connection, request: Request) -> None:
    if request.scope is Scope.OPENING and request.action is not Action.PAUSE:
        raise ImpossibleCommandError("Only a pause can be limited to opening.")
    if request.strategy == EVERY:
        if request.symbol is not None or request.scope is not Scope.ALL or request.action is Action.PAUSE:
            raise ImpossibleCommandError("All strategies at once can be stopped or resumed, whole.")
        return
    found = _rows(conn, "strategy_exists", name=request.strategy)
    if not found:
        names = sorted(row["name"] for row in _rows(conn, "strategy_exists", name=EVERY))
        raise UnknownStrategyError(f"There is no such strategy; there is {', '.join(names[:20]) or 'none yet'}.")
    if request.scope is Scope.OPENING and not found[0]["can_pause_opening"]:
        raise ImpossibleCommandError(
            "This bot can't tell openings from rolls and closes in this strategy: pause all of it instead."
        )
    if request.symbol is not None and request.action is Action.STOP:
        raise ImpossibleCommandError("A single symbol can be paused and resumed; stop stops the whole strategy.")
    if request.symbol is not None and found[0]["symbols"] and request.symbol not in found[0]["symbols"]:
        raise ImpossibleCommandError(f"{request.strategy} doesn't trade this symbol.")
    if request.action is not Action.STOP and _wanted(conn, EVERY) is Desired.STOPPED:
        raise ImpossibleCommandError("The kill switch is thrown: release it first, then this strategy can be resumed.")
    if request.symbol is not None and request.action is Action.RESUME and not _wanted(conn, request.strategy).may_open:
        raise ImpossibleCommandError(f"{request.strategy} itself is paused or stopped: resume it first, whole.")


def _wanted(conn: Connection, strategy: str) -> Desired:
    """The safest of what is in force for the whole strategy and of what is on its way."""
    in_force = conn.execute(
        text("SELECT desired FROM strategy_states WHERE strategy = :strategy AND symbol = ''"), {"strategy": strategy}
    ).scalar()
    waiting = _commands(conn, strategy=strategy, symbol="", is_open=True, limit=20)
    return safest([Desired(in_force or Desired.ACTIVE), *(_desired(row) for row in waiting)])


def _same(conn: Connection, request: Request) -> CommandView | None:
    """The newest command for the same strategy and symbol where it asks for the same and is neither failed nor overruled."""
    found = _commands(conn, strategy=request.strategy, symbol=request.symbol or "", limit=1)
    if not found or found[0]["state"] in (CommandState.FAILED, CommandState.OVERRULED):
        return None
    is_same = _desired(found[0]) is desired_of(request.action, request.scope)
    return command_view(found[0]) if is_same else None


def _desired(row: Mapping[str, Any]) -> Desired:
    return desired_of(Action(row["action"]), Scope(row["scope"]))


def _refuse_less_safe(conn: Connection, request: Request) -> None:
    """Among commands that are not settled the safer one wins."""
    wanted = SAFETY[desired_of(request.action, request.scope)]
    for row in _commands(conn, strategy=request.strategy, symbol=request.symbol or "", is_open=True, limit=20):
        if SAFETY[_desired(row)] > wanted:
            raise OverruledError(
                f"A {row['action']} by {row['actor']} is not settled yet and is safer, so it counts: "
                f"{request.action} again when it has settled.",
                command_view(row),
            )


def _rows(conn: Connection, query_name: str, /, **parameters: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(text(query(query_name)), parameters).mappings()]


def _commands(conn: Connection, **parameters: Any) -> list[dict[str, Any]]:
    unset = {"command_id": None, "strategy": None, "symbol": None, "is_open": False}
    return _rows(conn, "commands", **unset | parameters)


def _command(conn: Connection, command_id: uuid.UUID) -> CommandView:
    found = _commands(conn, command_id=command_id, limit=1)
    if not found:
        raise UnknownCommandError("There is no such command.")
    return command_view(found[0])


def command_view(row: Mapping[str, Any]) -> CommandView:
    """A row of the named query `commands` as everybody is shown it."""
    return {
        "id": str(row["command_id"]),
        "number": row["id"],
        "strategy": row["strategy"],
        "symbol": row["symbol"],
        "action": row["action"],
        "scope": row["scope"],
        "reason": row["reason"],
        "actor": row["actor"],
        "origin": row["origin"],
        "requested_at": rows.stamp(row["requested_at"]),
        "state": row["state"],
        "acknowledged_at": rows.iso(row["acknowledged_at"]),
        "settled_at": rows.iso(row["settled_at"]),
        "detail": row["detail"],
        "remaining": row["remaining"],
    }
