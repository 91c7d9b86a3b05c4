"""Which sessions and tokens hold. Look-ups are kept in memory until NOTIFY says that something changed.

While nobody listens every look-up asks the database; while the database is away the last known answer counts, up to the
limits of time that need no database.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import gevent
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.auth.identity import ROLES, SCOPES, Identity
from data import audit
from data.audit import Caller
from data.queries import query, statement

log = logging.getLogger("mtz.auth")

CHANNEL = "mtz_auth"
KEPT = 10_000  # look-ups, the unknown ones among them
NOTED_EVERY_S = 30.0  # activity is written at most so often
OVER_EVERY_S = 30.0  # sessions past their time are ended in the database, with an event
LOG_IN_AGAIN = 4401  # /ws: the session or token ended
PREFIX = "mtz_"  # of a token, so that people and scanners know one when they see it

Kind = Literal["session", "token"]
Proof = tuple[Kind, bytes]  # the hash of the secret that was shown
UNREACHABLE = (DBAPIError, PoolTimeoutError)


class UnknownNowError(Exception):
    """The database is away and this secret was never seen: nobody can say whether it holds."""


def hashed(secret: str) -> bytes:
    """What the database has of a secret; the secrets are random and long, so that nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


@dataclass(slots=True)
class Entry:
    """A look-up. `identity` None: it doesn't hold. `began` and `active`: of a session."""

    epoch: int
    identity: Identity | None
    began: datetime | None = None
    active: datetime | None = None
    written: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a session ends by itself."""

    idle: timedelta
    longest: timedelta


class Admission:
    """Lives in the web worker; `run` is a greenlet of its own."""

    def __init__(
        self,
        engine: Engine,
        limits: Limits,
        away: Callable[[], str | None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`away` says why the database can't be read, None when it can: then nobody waits for it."""
        self._engine = engine
        self._away = away
        self._limits = limits
        self._clock = clock
        self._entries: OrderedDict[Proof, Entry] = OrderedDict()
        self._epoch = 0
        self._listening = False
        self._used: dict[int, float] = {}  # tokens that were used and when, not yet written
        self._noted: dict[int, float] = {}
        self._watched: dict[object, tuple[Proof, Callable[[], None]]] = {}
        self._some_over = False
        self._note_every = min(NOTED_EVERY_S, limits.idle.total_seconds() / 4)

    # -- who is it -----------------------------------------------------------------------------------------------------

    def identity(self, proof: Proof) -> Identity | None:
        """Whom this secret lets in, now. Raises UnknownNowError."""
        entry = self._entries.get(proof)
        if entry is None or entry.epoch != self._epoch or not self._listening:
            entry = self._load(proof, entry)
        if entry.identity is None:
            return None
        if proof[0] == "token":
            number = entry.identity.number
            assert number is not None
            self._used[number] = time.time()
            return (
                entry.identity if self._clock() < (entry.identity.until or datetime.max.replace(tzinfo=UTC)) else None
            )
        if self._is_over(entry):
            entry = self._load(proof, entry)  # somebody may have been active in another process
        if self._is_over(entry):
            self._some_over = self._some_over or entry.identity is not None
            return None
        return entry.identity

    def active(self, proof: Proof) -> None:
        """A person did something in this session."""
        entry = self._entries.get(proof)
        if entry is None or entry.identity is None or proof[0] != "session":
            return
        entry.active = self._clock()
        if time.monotonic() - self._noted.get(entry.identity.number or 0, -1e9) >= self._note_every:
            self._noted[entry.identity.number or 0] = time.monotonic()
            self._write("auth_session_active", id=entry.identity.number)

    def _is_over(self, entry: Entry) -> bool:
        if entry.identity is None or entry.began is None or entry.active is None:
            return entry.identity is None
        now = self._clock()
        return now - entry.began >= self._limits.longest or now - entry.active >= self._limits.idle

    def _load(self, proof: Proof, known: Entry | None) -> Entry:
        epoch = self._epoch
        if known is not None and self._away() is not None:
            return known
        try:
            with self._engine.connect() as conn:
                row = conn.execute(text(query(f"auth_{proof[0]}")), {"hash": proof[1]}).mappings().first()
        except UNREACHABLE as error:
            if known is None:
                raise UnknownNowError from error
            return known
        entry = self._entry(proof[0], row, epoch)
        if known is not None and entry.active is not None and known.active is not None:
            entry.active = max(entry.active, known.active)  # what isn't written yet
        self._entries[proof] = entry
        self._entries.move_to_end(proof)
        while len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        return entry

    def _entry(self, kind: Kind, row: Any, epoch: int) -> Entry:
        if row is None:
            return Entry(epoch, None)
        if kind == "token":
            level = SCOPES[row["scope"]]
            if row["role"] is not None:
                level = min(level, ROLES[row["role"]])  # a token never does more than its owner
            return Entry(
                epoch, Identity("token", row["name"], level, row["scope"], row["user_id"], row["id"], row["expires_at"])
            )
        identity = Identity("user", row["username"], ROLES[row["role"]], row["role"], row["user_id"], row["id"])
        return Entry(epoch, identity, row["created_at"], row["active_at"])

    # -- sockets -------------------------------------------------------------------------------------------------------

    @contextmanager
    def watched(self, proof: Proof | None, close: Callable[[], None]) -> Iterator[None]:
        """While inside, `close` is called when what `proof` showed holds no more. None: nothing to look at."""
        key = object()
        if proof is not None:
            self._watched[key] = (proof, close)
        try:
            yield
        finally:
            self._watched.pop(key, None)

    def _look_at_sockets(self) -> None:
        holding: dict[Proof, bool] = {}
        for key, (proof, close) in list(self._watched.items()):
            if proof not in holding:
                try:
                    holding[proof] = self.identity(proof) is not None
                except UnknownNowError:
                    holding[proof] = True
            if not holding[proof] and key in self._watched:
                del self._watched[key]
                close()

    # -- the hub's channel, and the clock ------------------------------------------------------------------------------

    channel = CHANNEL

    def follow(self) -> None:
        """LISTEN stands: what was kept before is read again."""
        self._epoch += 1
        self._listening = True
        gevent.spawn(self._look_at_sockets)

    def unfollow(self) -> None:
        self._listening = False

    def heard(self, _: str = "") -> None:
        """Somebody changed something: everything is read again, by whom it is needed."""
        self._epoch += 1
        gevent.spawn(self._look_at_sockets)

    def run(self) -> None:
        """Once a second, for ever: sockets whose time is over, tokens' last use, sessions to end."""
        ended = 0.0
        while True:
            gevent.sleep(1.0)
            try:
                self._look_at_sockets()
                used, self._used = self._used, {}
                for number, at in used.items():
                    if at - self._noted.get(-number, 0.0) >= self._note_every:
                        self._noted[-number] = at
                        self._write("auth_token_used", id=number, at=at)
                if self._some_over or time.monotonic() - ended >= OVER_EVERY_S:
                    ended, self._some_over = time.monotonic(), False
                    self.end_what_is_over()
            except Exception:
                log.exception("looking after sessions failed")

    def end_what_is_over(self) -> None:
        """Sessions past their time are ended in the database too, each with an event."""
        limits = {"idle_s": self._limits.idle.total_seconds(), "longest_s": self._limits.longest.total_seconds()}
        try:
            with self._engine.begin() as conn:
                rows = conn.exec_driver_sql(statement("auth_sessions_over"), limits).fetchall()
                for _, username, origin in rows:
                    caller = Caller(username, "user", origin)
                    audit.write(conn, "user.logged_out", caller, username, {"why": "time-out"})
        except UNREACHABLE as error:
            log.debug("sessions are not ended in the database: %s", error)

    def _write(self, name: str, **values: Any) -> None:
        try:
            with self._engine.begin() as conn:
                conn.exec_driver_sql(statement(name), values)
        except UNREACHABLE as error:
            log.debug("%s is not written: %s", name, error)
