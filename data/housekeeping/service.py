"""The housekeeping process, and the same work done once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
from psycopg import errors

from data.db import DatabaseError, connect, explain
from data.flavour import Flavour, known
from data.housekeeping import policies
from data.housekeeping.keeper import LAG, Keeper
from data.housekeeping.levels import Levels
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.retention import slices
from data.model import Role
from data.serving import Conn, serve_until_stopped

log = logging.getLogger("mtz.housekeeping")

LOCK_KEY = 0x4D545A03  # "MTZ", 3: one housekeeper per database
TICK_S = 1.0
RETRY_S = 2.0
RETAIN_EVERY_S = 3600.0
LONG_WAIT_S = 300.0
PATIENCE = 30


def run_housekeeping(options: HousekeepingOptions) -> int:
    """Keep house until SIGTERM or SIGINT; the exit code, as of :func:`data.serving.serve_until_stopped`."""

    def serve(conn: Conn, stopping: threading.Event) -> None:
        Housekeeper(conn, options, stopping).run()

    return serve_until_stopped(
        options.database_url, Role.OWNER, "housekeeping", serve, retry_s=RETRY_S, log=log,
        meanwhile="Roll-ups wait until it is back; nothing is lost.",
    )  # fmt: skip


def catch_up(url: str, *, analyze: bool = True) -> None:
    """Roll up everything that is in the database now, late rows included; `analyze` it too, as after a large import.

    Raises:
        DatabaseError: the database can't be used.
    """
    try:
        with connect(url, Role.OWNER, "catch-up", autocommit=True) as conn:
            conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            keeper = Keeper(Levels(conn, known(conn) or Flavour.PLAIN))
            keeper.raise_threshold(timedelta(0))
            while not keeper.is_settled():
                time.sleep(0.05)
            _roll_up(keeper)
            if analyze:
                conn.execute("ANALYZE")
    except psycopg.Error as error:
        raise DatabaseError(explain(error, url)) from error


def _roll_up(keeper: Keeper) -> None:
    for patience in range(PATIENCE, -1, -1):
        try:
            keeper.advance()
            while keeper.settle():
                pass
            return
        except errors.LockNotAvailable:  # TimescaleDB's own refresh is at the same work
            if not patience:
                raise
            time.sleep(RETRY_S)


class Housekeeper:
    """The loop on one connection."""

    def __init__(self, conn: Conn, options: HousekeepingOptions, stopping: threading.Event) -> None:
        self._conn = conn
        self._options = options
        self._stopping = stopping
        flavour = known(conn)
        if flavour is None:
            raise DatabaseError("The database has not been set up for this program: run `mtz migrate`.")
        self._levels = Levels(conn, flavour)
        self._keeper = Keeper(self._levels)
        self._raise_at = self._retain_at = self._warn_at = 0.0
        self._raised = False
        self._retention: Iterator[None] = iter(())
        self._has_policies = flavour is Flavour.PLAIN  # it needs none

    def run(self) -> None:
        """Serve until stopped.

        Raises:
            psycopg.OperationalError: the connection was lost.
        """
        while not self._own():
            if self._stopping.wait(RETRY_S):
                return
        while not self._stopping.is_set():
            try:
                self._tick()
            except psycopg.Error as error:  # e.g. a refresh that met TimescaleDB's own: the next round does it
                if self._conn.closed or self._conn.broken:
                    raise
                log.warning(
                    "a round of housekeeping failed and is tried again: %s", error.diag.message_primary or error
                )
                self._stopping.wait(RETRY_S)
            self._stopping.wait(TICK_S)

    def _own(self) -> bool:
        row = self._conn.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
        return bool(row and row[0])

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._raise_at and not self._raised:  # not again while others may still know an older one
            self._keeper.raise_threshold(LAG)
            self._raise_at, self._raised, self._warn_at = now + self._options.refresh_s, True, now + LONG_WAIT_S
        if self._raised and now >= self._warn_at:
            self._warn_at = now + LONG_WAIT_S
            log.warning(
                "roll-ups wait for an open transaction: %s; charts stay right", self._keeper.whom_it_waits_for()
            )
        if self._raised and self._keeper.is_settled():
            self._keeper.advance(self._stopping.is_set)
            self._raised = False
            self._set_policies()
        self._keeper.settle(self._stopping.is_set)
        if now >= self._retain_at and not self._raised:
            self._retention = slices(self._levels, self._options, self._today())
            self._retain_at = now + RETAIN_EVERY_S
        next(self._retention, None)

    def _today(self) -> datetime:
        """The instant that retention counts back from: a clock that is ahead must not make it drop what is new."""
        row = self._conn.execute("SELECT least(now(), max(as_of)) FROM portfolio_latest").fetchone()
        assert row is not None
        today: datetime = row[0]
        return today

    def _set_policies(self) -> None:
        """Only when all is rolled up: a refresh of the last days alone would hide what is before them and not rolled up."""
        if not self._has_policies and not self._stopping.is_set():
            policies.apply(self._conn, self._options)
            self._has_policies = True
