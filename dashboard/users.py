"""`mtz user` and `mtz token`: on the machine itself nobody is locked out, and no password is needed to help others."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import typer
from sqlalchemy.exc import DBAPIError

from dashboard.auth import passwords
from dashboard.auth.secret import secret_key
from dashboard.auth.users import UserError, Users, offline
from dashboard.control import local_caller
from dashboard.exits import CannotRunError, Exit
from dashboard.login import HOW
from dashboard.running import RunLock, Running, database_url_of, find_running
from dashboard.settings import Settings
from dashboard.sources import choose_source, database_name
from dashboard.supervisor import Guard
from data.db import DatabaseError, explain
from data.embedded import EmbeddedDatabaseError, EmbeddedPostgres
from data.migrate import migrate

Say = Callable[[str], object]


def create(settings: Settings, name: str, role: str, say: Say) -> Exit:
    """A new user; the password is asked for, or read from standard input where that is no terminal."""
    with _users(settings) as users:
        if users.find(name) is not None:
            raise UserError(f"There is a user {name!r} already: `mtz user password` sets a new password.")
        users.create(name, _new_password(name), role, local_caller())
        say(f"The user {name} is made: {role}.")
        if not users.has_admin():
            say("There is no admin yet: `mtz user role` makes one of a user.")
    return Exit.OK


def create_first(settings: Settings, why: str, say: Say) -> Exit:
    """Offer to make the owner where there is no admin yet.

    Raises:
        CannotRunError: nobody is there to ask, or the database is away.
    """
    try:
        migrate(database_url_of(settings), timescaledb=settings.timescaledb, report=lambda _: None)
    except DatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    with _users(settings) as users:
        if users.has_admin():
            return Exit.OK
        if not sys.stdin.isatty():
            raise CannotRunError(f"A log-in is needed ({why}), and there is no user yet: {HOW}.", Exit.FAILED)
        say(f"A log-in is needed ({why}), and there is no user yet. Make the owner now; Ctrl-C leaves it.")
        try:
            name = _ask_for_owner(users, say)
        except click.Abort:
            raise CannotRunError(f"No user was made, so nothing was started: {HOW}.", Exit.FAILED) from None
        say(f"The user {name} is made: admin. Others: `mtz user create`.")
    return Exit.OK


def _ask_for_owner(users: Users, say: Say) -> str:
    while True:
        name = str(typer.prompt("Name")).strip()
        try:
            users.create(name, _new_password(name), "admin", local_caller())
        except UserError as error:
            say(str(error))
        else:
            return name


def list_users(settings: Settings, say: Say) -> Exit:
    with _users(settings) as users:
        rows = [
            (row["username"], row["role"], _state(row), "code" if row["has_code"] else "", _day(row["last_login_at"]))
            for row in users.listed()
        ]
        _table(say, ("name", "role", "state", "also", "last log-in"), rows, f"There is no user: {HOW}.")
    return Exit.OK


def set_password(settings: Settings, name: str, say: Say) -> Exit:
    with _users(settings) as users:
        user = users.get(name)
        users.set_password(user, _new_password(user.username), local_caller())
        say(f"{user.username} has a new password; every session of theirs was ended.")
    return Exit.OK


def set_role(settings: Settings, name: str, role: str, say: Say) -> Exit:
    with _users(settings) as users:
        user = users.get(name)
        users.set_role(user, role, local_caller())
        say(f"{user.username} is {role} now.")
    return Exit.OK


def set_active(settings: Settings, name: str, active: bool, say: Say) -> Exit:
    with _users(settings) as users:
        user = users.get(name)
        users.set_active(user, active, local_caller())
        say(
            f"{user.username} may log in again."
            if active
            else f"{user.username} is disabled; sessions and tokens ended."
        )
    return Exit.OK


def unlock(settings: Settings, name: str, say: Say) -> Exit:
    with _users(settings) as users:
        user = users.get(name)
        users.unlock(user, local_caller())
        say(f"{user.username} may try again at once.")
    return Exit.OK


def remove_code(settings: Settings, name: str, say: Say) -> Exit:
    """For whoever lost the phone."""
    with _users(settings) as users:
        user = users.get(name)
        users.set_code(user, None, local_caller())
        say(f"{user.username} is asked for no code any more; they can set up an app again on their account page.")
    return Exit.OK


def create_token(settings: Settings, name: str, scope: str, days: int, owner: str | None, say: Say) -> Exit:
    with _users(settings) as users:
        user = users.get(owner) if owner else None
        made = users.create_token(name, scope, days, user, local_caller())
        typer.echo(f"{made.name}, {scope}, until {_day(made.expires_at)}; shown this once:", err=True)
        say(made.secret)
    return Exit.OK


def list_tokens(settings: Settings, say: Say) -> Exit:
    with _users(settings) as users:
        rows = [
            (row["name"], row["scope"], row["owner"] or "command line", _day(row["used_at"]),
             _day(row["expires_at"]) + (" (over)" if row["is_over"] else ""))
            for row in users.tokens()
        ]  # fmt: skip
        _table(say, ("name", "scope", "of", "last used", "ends"), rows, "There is no token: `mtz token create NAME`.")
    return Exit.OK


def revoke_token(settings: Settings, name: str, say: Say) -> Exit:
    with _users(settings) as users:
        say(f"The token {users.revoke_token(local_caller(), name=name)} is revoked.")
    return Exit.OK


# -- the database -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _users(settings: Settings) -> Iterator[Users]:
    """The users of the running stack's database, of DATABASE_URL, or of the embedded one, started for as long as it takes."""
    try:
        with _database(settings) as url:
            try:
                with offline(url, secret_key(settings)) as users:
                    yield users
            except DBAPIError as error:
                raise CannotRunError(explain(error.orig or error, url), Exit.DATABASE) from None
            except DatabaseError as error:
                raise CannotRunError(str(error), Exit.DATABASE) from None
    except UserError as error:
        raise CannotRunError(str(error), Exit.FAILED) from None


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[str]:
    if settings.database_url or find_running(settings.data_dir):
        yield database_url_of(settings)
        return
    from dashboard.stack import ask_gateway, prepare_folders

    prepare_folders(settings.data_dir)
    lock = RunLock(settings.data_dir)
    lock.acquire(Running(0, "mtz user"))
    try:
        name = database_name(choose_source(settings, ask_gateway))
        with _embedded(settings, name) as url:
            yield url
    finally:
        lock.release()


@contextlib.contextmanager
def _embedded(settings: Settings, name: str) -> Iterator[str]:
    """The embedded server with this database, migrated."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    guard = Guard()  # it ends the server where we are killed
    try:
        postgres = EmbeddedPostgres(settings.data_dir / "database")
        postgres.start()
        assert postgres.process is not None
        guard.add(1, postgres.process.pid, signal.SIGINT)
        try:
            url = postgres.ensure_database(name)
            migrate(url, timescaledb=settings.timescaledb, report=lambda _: None)
            yield url
        finally:
            postgres.stop()
    except EmbeddedDatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    finally:
        guard.close()


# -- the terminal -----------------------------------------------------------------------------------------------------


def _new_password(name: str) -> str:
    """Typed twice on a terminal, until it is good enough; else one line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    while True:
        password = str(
            typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt="The same again")
        )
        if (problem := passwords.problem(passwords.normalize(password), name)) is None:
            return password
        typer.echo(problem)


def _state(row: Any) -> str:
    return "disabled" if not row["active"] else "locked" if row["is_locked"] else "active"


def _day(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


def _table(say: Say, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], empty: str) -> None:
    if not rows:
        say(empty)
        return
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
