"""What is done to users, sessions and tokens: each in one transaction with its event in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from dashboard.auth import lockout, passwords
from dashboard.auth.admission import PREFIX, hashed
from dashboard.auth.identity import ROLES, SCOPES
from dashboard.auth.models import User
from dashboard.auth.security import Guard
from data import audit
from data.audit import Caller
from data.db import make_engine
from data.model import Role as DatabaseRole
from data.queries import query, statement

LONGEST_DAYS = 3650
NAME_RULE = "a name of letters, digits and . _ @ -, beginning with a letter or digit, at most 63 long"


class UserError(Exception):
    """It can't be done; one sentence for whoever asked. `status`: of the answer."""

    status = 422


class UnknownError(UserError):
    status = 404


@dataclass(frozen=True, slots=True)
class NewToken:
    """`secret` is shown once and kept nowhere."""

    name: str
    secret: str
    expires_at: datetime


class Users:
    """Needs an application context; every method commits, or raises and changes nothing."""

    def __init__(self, guard: Guard, engine: Engine, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called after each commit, for who keeps look-ups in this very process: NOTIFY comes a moment later."""
        self.guard = guard
        self.engine = engine
        self._changed = changed

    # -- looking -------------------------------------------------------------------------------------------------------

    def find(self, name: str) -> User | None:
        with self._reading():
            return self.guard.db.scalars(
                select(User).where(func.lower(User.username) == lockout.stored_as(name).lower())
            ).first()

    def by_uniquifier(self, uniquifier: str) -> User | None:
        """The active user with this alternative id, which a new password changes."""
        with self._reading():
            return self.guard.db.scalars(select(User).where(User.fs_uniquifier == uniquifier, User.active)).first()

    def by_number(self, number: int) -> User | None:
        with self._reading():
            return self.guard.db.get(User, number)

    def get(self, name: str) -> User:
        """Raises UserError."""
        found = self.find(name)
        if found is None:
            raise UnknownError(f"There is no user {name!r}: `mtz user list` shows them.")
        return found

    def listed(self) -> list[Any]:
        return self._fetch("auth_users")

    def tokens(self, user_id: int | None = None) -> list[Any]:
        return self._fetch("auth_tokens", user=user_id)

    def has_admin(self) -> bool:
        return bool(self._fetch("auth_any_admin")[0]["found"])

    # -- users ---------------------------------------------------------------------------------------------------------

    def create(self, name: str, password: str, role: str, caller: Caller) -> None:
        """Raises UserError: the name is taken or malformed, the password too weak."""
        name = lockout.stored_as(name)
        _require_role(role)
        now = datetime.now(UTC)
        user = User(
            username=name, password=self._hash(password, name), role=role, active=True,
            fs_uniquifier=secrets.token_hex(16), created_at=now, password_at=now,
        )  # fmt: skip
        with self._writing() as conn:
            self.guard.db.add(user)
            try:
                self.guard.db.flush()
            except IntegrityError as error:
                taken = _constraint(error) == "users_name"
                raise UserError(
                    f"There is a user {name!r} already."
                    if taken
                    else f"{name!r} is no name for a user: take {NAME_RULE}."
                ) from None
            audit.write(conn, "user.created", caller, name, {"role": role})

    def check(self, name: str, password: str) -> User | None:
        """The active user whose password this is; takes as long for a name that doesn't exist."""
        user = self.find(name)
        stored = user.password if user is not None else self._decoy()
        most = passwords.LONGEST * 4  # what is longer can't be right, before and after
        normal = passwords.normalize(password[:most])[:most]
        context = self.guard.security.pwd_context
        is_right = self.guard.apart(lambda: bool(context.verify(normal, stored)))
        return user if is_right and user is not None and user.active else None

    def set_password(self, user: User, password: str, caller: Caller, but: int | None = None) -> None:
        """Every session of the user ends but the one numbered `but`. Raises UserError."""
        user.password = self._hash(password, user.username)
        user.fs_uniquifier = secrets.token_hex(16)
        user.password_at = datetime.now(UTC)
        with self._writing() as conn:
            self._end(conn, user.id, "password changed", but)
            lockout.unlock(conn, user.username)
            audit.write(conn, "user.password_changed", caller, user.username)

    def set_role(self, user: User, role: str, caller: Caller) -> None:
        _require_role(role)
        before, user.role = user.role, role
        with self._writing() as conn:
            self._keep_an_admin(user)
            audit.write(conn, "user.role_changed", caller, user.username, {"from": before, "to": role})

    def set_active(self, user: User, active: bool, caller: Caller) -> None:
        """Disabling ends every session; the user's tokens don't count while they are disabled."""
        user.active = active
        with self._writing() as conn:
            if not active:
                self._keep_an_admin(user)
                self._end(conn, user.id, "disabled")
            audit.write(conn, "user.enabled" if active else "user.disabled", caller, user.username)

    def unlock(self, user: User, caller: Caller) -> None:
        with self._writing() as conn:
            lockout.unlock(conn, user.username)
            audit.write(conn, "user.unlocked", caller, user.username)

    def set_code(self, user: User, secret: str | None, caller: Caller) -> None:
        """Ask for codes of the authenticator app that holds `secret` from now on; None: no more."""
        user.tf_totp_secret = secret
        user.tf_primary_method = "authenticator" if secret else None
        with self._writing() as conn:
            audit.write(conn, "user.code_added" if secret else "user.code_removed", caller, user.username)

    def use_code(self, user: User, code: str) -> bool:
        """Whether it is the code of the user's app; then it works no second time, also where two send it at once."""
        with self._writing():
            locked = self.guard.db.scalars(
                select(User).where(User.id == user.id).with_for_update().execution_options(populate_existing=True)
            ).one()
            return self.guard.codes.verify(code, locked)

    # -- sessions ------------------------------------------------------------------------------------------------------

    def begin_session(self, user: User, caller: Caller, browser: str) -> str:
        """A new session's secret, for the cookie."""
        secret = secrets.token_urlsafe(32)
        with self._writing() as conn:
            values = {"hash": hashed(secret), "user": user.id, "origin": caller.origin, "browser": browser[:200]}
            conn.exec_driver_sql(statement("auth_session_new"), values)
            audit.write(conn, "user.logged_in", caller, user.username)
        return secret

    def end_session(self, number: int, caller: Caller) -> None:
        with self._writing() as conn:
            values = {"id": number, "user": None, "but": None, "why": "logged out"}
            if conn.exec_driver_sql(statement("auth_sessions_end"), values).fetchall():
                audit.write(conn, "user.logged_out", caller, caller.name)

    def note(self, kind: str, caller: Caller, subject: str | None, detail: dict[str, Any] | None = None) -> None:
        """An event that changes nothing else."""
        with self.engine.begin() as conn:
            audit.write(conn, kind, caller, subject, detail)

    # -- tokens --------------------------------------------------------------------------------------------------------

    def create_token(self, name: str, scope: str, days: float, user: User | None, caller: Caller) -> NewToken:
        """Raises UserError: taken or malformed name, unknown scope, more than its owner may do."""
        name = lockout.stored_as(name)
        if scope not in SCOPES:
            raise UserError(f"{scope!r} is no scope: take {' or '.join(SCOPES)}.")
        if not 0 < days <= LONGEST_DAYS:
            raise UserError(f"A token lives for some days, at most {LONGEST_DAYS}.")
        if user is not None and SCOPES[scope] > ROLES[user.role]:
            raise UserError("A viewer's token can only read: take the scope read.")
        secret = PREFIX + secrets.token_urlsafe(32)
        values = {"name": name, "hash": hashed(secret), "scope": scope, "user": user.id if user else None, "days": days}
        with self._writing() as conn:
            try:
                row = conn.exec_driver_sql(statement("auth_token_new"), values).one()
            except IntegrityError as error:
                taken = _constraint(error) == "api_tokens_name"
                raise UserError(
                    f"There is a token {name!r} already: revoke it, or take another name."
                    if taken
                    else f"{name!r} is no name for a token: take {NAME_RULE}."
                ) from None
            detail = {"scope": scope, "expires_at": row[1].isoformat(), "owner": user.username if user else None}
            audit.write(conn, "token.created", caller, name, detail)
        return NewToken(name, secret, row[1])

    def revoke_token(
        self, caller: Caller, *, number: int | None = None, name: str | None = None, user_id: int | None = None
    ) -> str:
        """The name of the token that was revoked. With `user_id` only one of theirs. Raises UserError."""
        with self._writing() as conn:
            values = {"id": number, "name": name, "user": user_id}
            row = conn.exec_driver_sql(statement("auth_token_revoked"), values).first()
            if row is None:
                raise UnknownError("There is no such token, or it was revoked already: `mtz token list` shows them.")
            audit.write(conn, "token.revoked", caller, row[1])
        return str(row[1])

    # -- how -----------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction of the users' session; who keeps look-ups in memory is told when it commits."""
        db = self.guard.db
        try:
            conn = db.connection()
            yield conn
            db.flush()
            conn.exec_driver_sql(statement("auth_changed"))
            db.commit()
        except BaseException:
            db.rollback()
            raise
        self._changed()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Nothing stays open behind a look: a transaction that idles through a password check would hold a connection."""
        try:
            yield
        finally:
            if not self.guard.db.dirty:
                self.guard.db.commit()

    def _fetch(self, name: str, **params: Any) -> list[Any]:
        with self.engine.connect() as conn:
            return list(conn.execute(text(query(name)), params).mappings().all())

    def _hash(self, password: str, username: str) -> str:
        normal = passwords.normalize(password)
        if (problem := passwords.problem(normal, username)) is not None:
            raise UserError(problem)
        return self._hashed(normal)

    def _hashed(self, normal: str) -> str:
        return self.guard.apart(lambda: str(self.guard.security.pwd_context.hash(normal)))

    def _decoy(self) -> str:
        """A hash that no password fits, made once: to look at it takes as long as at a real one."""
        if not self.guard.decoy:
            self.guard.decoy = self._hashed(secrets.token_urlsafe(24))
        return self.guard.decoy

    def _keep_an_admin(self, user: User) -> None:
        self.guard.db.flush()
        others = select(User.id).where(User.active, User.role == "admin").with_for_update()  # two at once: one waits
        if self.guard.db.scalars(others).first() is None:
            raise UserError(f"{user.username} is the last admin: make another one first.")

    def _end(self, conn: Connection, user_id: int, why: str, but: int | None = None) -> None:
        values = {"id": None, "user": user_id, "but": but, "why": why}
        conn.exec_driver_sql(statement("auth_sessions_end"), values)


def _constraint(error: IntegrityError) -> str | None:
    """The rule of the schema that was broken."""
    return error.orig.diag.constraint_name if isinstance(error.orig, psycopg.Error) else None


def _require_role(role: str) -> None:
    if role not in ROLES:
        raise UserError(f"{role!r} is no role: take {', '.join(ROLES)}.")


@contextmanager
def offline(url: str, key: str) -> Iterator[Users]:
    """Users of the database at `url` for the command line, without a server."""
    engine = make_engine(url, DatabaseRole.WEB, "users", pool_size=1)
    server = Flask("users")
    try:
        users = Users(Guard(server, engine, key), engine)
        with server.app_context():
            yield users
    finally:
        engine.dispose()
