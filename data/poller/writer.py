"""The poller's database side, in a thread of its own: a hanging database never stops the broker's events.

One flush is in hand at a time. While the database is away, what must not be lost goes to the spool; the latest rows
don't, because newer ones will follow.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from data.db import DatabaseError, connect, explain, is_away
from data.migrate import require_schema
from data.model import BarCoverage, Flush, Outage, PollerStatus, Role
from data.poller.bars import BarJob
from data.poller.options import PollerOptions
from data.poller.spool import SAMPLE_KINDS, Spool
from data.store import Rows, Sessions, Store, encode

log = logging.getLogger("mtz.poller")

LOCK_CLASS = 0x4D545A02  # "MTZ", 2: one poller per account
RETRY_S = 1.0
LOCK_RETRY_S = 0.5
STATEMENT_TIMEOUT_MS = 10_000
# A dead network is noticed although nobody says so; over a Unix socket libpq ignores these.
PATIENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 8000}
KEPT = ("executions", "orders", "outages", "cash_states")
REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.CardinalityViolation)
"""What the database says of rows that it will never take."""


def account_lock(account: str) -> tuple[int, int]:
    """The advisory lock that whoever writes the account's present holds; nobody else writes it meanwhile."""
    return LOCK_CLASS, int.from_bytes(hashlib.sha256(account.encode()).digest()[:4], signed=True)


class Writer(threading.Thread):
    """Takes flushes by :meth:`offer` when :attr:`idle`, status rows any time.

    `on_change` is called from the thread whenever the loop should look again; `on_restored` when what was kept on disk
    has been written, with the outage if there was one. `fatal` holds what ended the thread early.
    """

    def __init__(
        self, options: PollerOptions, on_change: Callable[[], None], on_restored: Callable[[Outage | None], None]
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._options = options
        self._on_change = on_change
        self._on_restored = on_restored
        self._condition = threading.Condition()
        self._flush: Flush | None = None
        self._safe: Flush | None = None  # the one in hand, when it is on disk already
        self._status: PollerStatus | None = None
        self._bars: BarJob | None = None
        self._stopping = False
        self._conn: psycopg.Connection[Any] | None = None
        self._store: Store | None = None
        self.sessions: Sessions | None = None
        self._spool: Spool | None = None
        self._homeless: list[Rows] = []  # fills that neither database nor disk would take
        self._sourced: str | None = None  # the account whose source was claimed on this connection
        self._down_since: datetime | None = None
        self._why_down = ""
        self._next_try = 0.0
        self._busy_since: float | None = None
        self.account: str | None = options.account  # as configured, else the one the database knows
        self.owned: str | None = None  # the account whose lock this connection holds
        self.is_standby = False  # another poller holds it
        self.connected_once = False
        self.stored: frozenset[int] = frozenset()  # the positions in the database when the account was last taken
        self.coverage: dict[tuple[int, str, str], BarCoverage] | None = None  # of bars; None while they can't be stored
        self.error: str | None = None
        self.fatal: DatabaseError | None = None

    # -- from the event loop ----------------------------------------------------

    @property
    def idle(self) -> bool:
        return self._flush is None and self.sessions is not None

    @property
    def busy_s(self) -> float:
        """How long the flush in hand has taken so far."""
        since = self._busy_since
        return time.monotonic() - since if since is not None else 0.0

    @property
    def spool_bytes(self) -> int:
        return self._spool.size if self._spool else 0

    def offer(self, flush: Flush) -> None:
        """Hand over the next flush; only when idle."""
        with self._condition:
            assert self._flush is None
            self._flush, self._busy_since = flush, time.monotonic()
            self._condition.notify()

    def keep_on_disk(self, flush: Flush | None) -> None:
        """While the database hangs: make the flush in hand and this one safe against our own end.

        From any thread; blocks for the disk. What the database takes after all is written twice, which changes nothing.
        """
        in_hand = self._flush
        new = [f for f in (in_hand if in_hand is not self._safe else None, flush) if f is not None]
        self._safe = in_hand
        for one in new:
            if self.sessions is not None:
                self._to_spool(encode(one, self.sessions))

    def report(self, status: PollerStatus) -> None:
        """Hand over the newest status; an older one that was not written yet is dropped."""
        with self._condition:
            self._status = status
            self._condition.notify()

    def offer_bars(self, job: BarJob) -> None:
        """Hand over bars, which are written when there is nothing else to write.

        They replace those in hand, if any: whoever waited for these has gone with the connection.
        """
        with self._condition:
            self._bars = job
            self._condition.notify()

    def stop(self) -> None:
        """Write what is in hand and end."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    # -- the thread ---------------------------------------------------------------

    def run(self) -> None:
        try:
            while self._step():
                pass
        except DatabaseError as error:
            self.fatal = error
        except Exception as error:
            log.exception("the writer failed")
            self.fatal = DatabaseError(
                f"The poller's database side failed ({type(error).__name__}) and nothing more is stored; "
                "its log has the details."
            )
        finally:
            self._drop_connection()
            self._close_spool()
            self._on_change()

    def _step(self) -> bool:
        with self._condition:
            if not (self._flush or self._status or self._bars or self._stopping):
                self._condition.wait(LOCK_RETRY_S)
            flush, status, stopping = self._flush, self._status, self._stopping
            self._status = None
        if self._store is None and time.monotonic() >= self._next_try:
            self._connect()
        account = flush.account if flush else self.account
        if account is not None and self._own(account) and flush is not None:
            self._keep(flush)
            self._flush = self._busy_since = None
            self._on_change()
        if status is not None and status.account == self.owned:
            self._try(lambda store: store.write_status(status))
        if self._bars is not None and self._flush is None:
            self._write_bars(self._bars)
        return not stopping or (self._flush is not None and self._own(self._flush.account))

    # -- the connection -------------------------------------------------------------

    def _connect(self) -> None:
        self._next_try = time.monotonic() + RETRY_S
        url = self._options.database_url
        try:
            if not self.connected_once:
                require_schema(url)
            self._conn = connect(url, Role.POLLER, "poller", autocommit=True, **PATIENCE)
            self._conn.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
            self._store = Store(self._conn)
            self.sessions = self._store.sessions
            self.account = self.account or self._store.only_account()
        except psycopg.Error as error:
            if not self.connected_once and not is_away(error, url):
                raise DatabaseError(explain(error, url)) from error
            self._lost(error)
            return
        self.connected_once = True
        if self._spool is None:  # away before anything was watched: no outage of ours
            self._down_since = self.error = None
        self._on_change()

    def _lost(self, error: psycopg.Error) -> None:
        self._drop_connection()
        if self._down_since is None:
            self._down_since = datetime.now(UTC)
            self._why_down = self.error = explain(error, self._options.database_url)
            log.warning("%s Until then samples and fills are kept on disk.", self._why_down)
            self._on_change()

    def _drop_connection(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = self._store = self.owned = self._sourced = self.coverage = None

    # -- owning the account ------------------------------------------------------------

    def _own(self, account: str) -> bool:
        """Whether rows of `account` may be kept now: in the database under its lock, or in the spool while it is away."""
        if self._store is None:
            return self._spool is not None
        if self.owned == account:
            return True
        return self._try(lambda store: self._take(store, account)) and self.owned == account

    def _take(self, store: Store, account: str) -> None:
        assert self._conn is not None
        store.require_source(self._options.source_of(account), account)
        if self.owned is not None:  # the gateway named another account than the database remembered
            self._conn.execute("SELECT pg_advisory_unlock_all()")
            self.owned = self.coverage = None
            self._close_spool()
        row = self._conn.execute("SELECT pg_try_advisory_lock(%s, %s)", account_lock(account)).fetchone()
        if not (row and row[0]):
            self._stand_by(store, account)
            return
        self.error = None
        if self._spool is None:
            store.note_poller_gap(account, datetime.now(UTC))
            self._open_spool(account)
        self.owned, self.account, self.is_standby = account, account, False
        self._drain(store)
        self.stored = frozenset(store.held(account))
        self.coverage = store.bar_coverage()
        if self._down_since is not None:
            outage = Outage(account, "database", self._down_since, datetime.now(UTC), self._outage_reason())
            self._down_since = None
            self._on_restored(outage)
        self._on_change()

    def _stand_by(self, store: Store, account: str) -> None:
        """Another poller was quicker. What we kept is history and may still be written; then we wait."""
        if self.is_standby:
            return
        self._drain(store)
        self._close_spool()
        self._down_since = None
        self.is_standby = True
        self.error = f"Another poller serves account {account}: waiting to take over when it ends."
        log.warning(self.error)
        self._on_change()

    def _open_spool(self, account: str) -> None:
        path = self._options.spool_dir / f"{re.sub(r'[^A-Za-z0-9_-]', '_', account)}.spool"
        try:
            self._spool = Spool(path, self._options.spool_limit_bytes)
        except OSError as error:
            self.error = (
                f"{path} can't be used ({error.strerror}): make it writable; "
                "until then a database outage would lose samples, but no fill."
            )
            log.error(self.error)

    def _close_spool(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _outage_reason(self) -> str:
        thinned = self._spool.thinned if self._spool else 0
        if not thinned:
            return f"{self._why_down} Nothing was lost."
        assert self._spool is not None
        self._spool.thinned = 0
        return f"{self._why_down} The spool was full: {thinned} samples were given up; fills were kept."

    # -- writing ------------------------------------------------------------------------

    def _try(self, work: Callable[[Store], object]) -> bool:
        """Do `work` on the store; False when the database is away."""
        if self._store is None:
            return False
        try:
            work(self._store)
            return True
        except psycopg.OperationalError as error:
            self._lost(error)
            return False

    def _keep(self, flush: Flush) -> None:
        assert self.sessions is not None
        rows = encode(flush, self.sessions)

        def write(store: Store) -> None:
            if self.spool_bytes or self._homeless:  # kept while an earlier flush hung: older than this one
                self._drain(store)
                self.stored = frozenset(store.held(flush.account))
                self._on_restored(None)
            self._write(store, rows)

        if not self._try(write):
            self._to_spool(rows)

    def _write(self, store: Store, rows: Rows) -> None:
        account = rows["account"]
        if self._sourced != account:  # rows come from a gateway that has this account
            store.claim_source(self._options.source_of(account), account)
            self._sourced = account
        try:
            store.write(rows)
        except REFUSALS as error:
            set_aside(self._options.spool_dir, rows, error)

    def _write_bars(self, job: BarJob) -> None:
        """One slice of them; the next one comes when nothing live has come in the meantime."""
        is_last = is_written = False

        def write(store: Store) -> None:
            nonlocal is_last
            is_last = job.write_slice(store)

        try:
            # Only after a flush has bound the database to this gateway's account.
            is_written = self._sourced is not None and self._sourced == self.owned and self._try(write)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            log.error("The database refused price bars (%s).", str(error).splitlines()[0])
        if is_written and is_last and self.coverage is not None:
            key = (job.coverage.con_id, job.coverage.what, job.coverage.resolution)
            self.coverage = {**self.coverage, key: job.coverage}
        if not is_written or is_last:
            with self._condition:
                self._bars = None if self._bars is job else self._bars
            job.done(is_written)

    def _drain(self, store: Store) -> None:
        """Write what was kept, in order; the poller stays seen alive while that takes its time."""

        def write(rows: Rows) -> None:
            self._write(store, rows)
            with self._condition:
                status, self._status = self._status, None
            if status is not None and status.account == self.owned:
                store.write_status(status)

        if self._spool is not None and self._spool.size:
            log.info("wrote %d flushes that were kept on disk", self._spool.drain(write))
        while self._homeless:
            self._write(store, self._homeless[0])
            del self._homeless[0]

    def _to_spool(self, rows: Rows) -> None:
        rows = rows | {"portfolio": None, "positions": [], "removed": [], "dividends": []}
        if not any(rows[kind] for kind in (*KEPT, *SAMPLE_KINDS)):
            return
        try:
            if self._spool is None:
                raise OSError(0, "it is not open")
            self._spool.append(rows)
            if self._spool.thinned:
                self.error = "The spool is full: samples are thinned until the database is back; fills are kept."
        except OSError as error:
            if any(rows[kind] for kind in KEPT):
                self._homeless.append(rows | {kind: [] for kind in SAMPLE_KINDS})
            sentence = (
                f"The spool in {self._options.spool_dir} can't be written ({error.strerror}): make room on the disk; "
                "samples are lost until then, fills are kept in memory."
            )
            if self.error != sentence:
                log.error(sentence)
            self.error = sentence


def set_aside(folder: Path, rows: Rows, error: Exception) -> None:
    """Rows that the database will never take are kept where a person can look at them."""
    path = folder / "refused.jsonl"
    log.error("The database refused rows (%s); they are kept in %s.", str(error).splitlines()[0], path)
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"error": str(error), "rows": rows}) + "\n")
    except OSError as failure:
        log.error("%s can't be written (%s).", path, failure.strerror)
