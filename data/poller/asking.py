"""Answers what works at the broker now (`order_requests`), in a thread with a connection of its own.

The answer is a fresh reqAllOpenOrders, given only once the rows of its orders are stored: who reads it can say what each is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg

from data.db import connect, literal
from data.ibkr.reasons import LinkError
from data.model import Role
from data.queries import statement

log = logging.getLogger("mtz.poller")
Conn = psycopg.Connection[Any]

ASKED, ANSWERED = "mtz_ask", "mtz_answer"
RETRY_S = 1.0
LOOK_S = 1.0
TIDY_S = 60.0
STORE_S = 3.0
STORE_LOOK_S = 0.02
OLD_S = 60  # nobody waits for an older request any more
STATEMENT_TIMEOUT_MS = 10_000

NOT_STORED = (
    "The poller has heard of orders that are not stored yet: the database was busy or away. Asked again, it can say."
)


class Answerer(threading.Thread):
    """`owned`: the account that this poller writes, None while it is another's. `ask`: blocks for the broker's list, raises
    LinkError where nobody can say."""

    def __init__(self, url: str, owned: Callable[[], str | None], ask: Callable[[], frozenset[int]]) -> None:
        super().__init__(name="answers", daemon=True)
        self._url, self._owned, self._ask = url, owned, ask
        self._stopping = threading.Event()
        self._tidy_at = 0.0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url, Role.POLLER, "poller (orders)", autocommit=True) as conn:
                    conn.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
                    conn.execute(f"LISTEN {ASKED}")
                    while not self._stopping.is_set():
                        self._answer(conn)
                        for _ in conn.notifies(timeout=LOOK_S, stop_after=1):
                            pass
            except psycopg.Error as error:  # the writer says that the database is away
                log.debug("answers wait for the database: %s", error)
                self._stopping.wait(RETRY_S)
            except Exception:
                log.exception("answering what works at the broker failed; it goes on")
                self._stopping.wait(RETRY_S)

    def _answer(self, conn: Conn) -> None:
        """Answer every open request with one list; once in a while tidy up without one."""
        account = self._owned()
        if account is None:
            return
        rows = conn.execute(
            "SELECT r.id FROM order_requests r LEFT JOIN order_answers a ON a.request = r.id "
            " WHERE r.account = %s AND a.request IS NULL AND r.requested_at > now() - make_interval(secs => %s)",
            [account, OLD_S],
        ).fetchall()
        if not rows and time.monotonic() < self._tidy_at:
            return
        found, problem = self._list(conn, account)
        if problem is None:
            self._tidy_at = time.monotonic() + TIDY_S
        elif not rows:
            self._tidy_at = time.monotonic() + LOOK_S
        if rows and self._owned() == account:
            self._write(conn, [row[0] for row in rows], found, problem)

    def _list(self, conn: Conn, account: str) -> tuple[list[int] | None, str | None]:
        asked_at = datetime.now(UTC)
        try:
            perm_ids = sorted(self._ask())
        except LinkError as error:
            return None, error.reason
        if not self._are_stored(conn, account, perm_ids):
            return None, NOT_STORED
        told = {"account": account, "perm_ids": perm_ids, "asked_at": asked_at}
        conn.execute(literal(statement("orders_ended")), told)
        return perm_ids, None

    def _are_stored(self, conn: Conn, account: str, perm_ids: list[int]) -> bool:
        """Whether each order has its row: the writer is given a moment for those that are new."""
        deadline = time.monotonic() + STORE_S
        while True:
            row = conn.execute(
                "SELECT count(*) FROM orders WHERE account = %s AND perm_id = ANY (%s)", [account, perm_ids]
            ).fetchone()
            if row is not None and row[0] == len(perm_ids):
                return True
            if time.monotonic() > deadline:
                return False
            self._stopping.wait(STORE_LOOK_S)

    def _write(self, conn: Conn, requests: list[int], found: list[int] | None, problem: str | None) -> None:
        with conn.transaction():
            conn.execute(
                "INSERT INTO order_answers (request, perm_ids, problem) SELECT r, %s::bigint[], %s::text FROM unnest(%s::bigint[]) r "
                "ON CONFLICT DO NOTHING",
                [found, problem, requests],
            )
            conn.execute("SELECT pg_notify(%s, '')", [ANSWERED])
