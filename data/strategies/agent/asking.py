"""Asks the poller what works at the broker now: a row and a NOTIFY, answered by a fresh reqAllOpenOrders."""

from __future__ import annotations

import time
from typing import Any

import psycopg

Conn = psycopg.Connection[Any]
ASK, ANSWER = "mtz_ask", "mtz_answer"
LOOK_S = 0.25


class NoAnswerError(Exception):
    """Nobody can say what works at the broker; one sentence."""


def ask(conn: Conn, account: str, patience_s: float) -> list[int]:
    """The permIds of everybody's working orders, listed after this call began. `conn` must be in autocommit.

    Raises:
        NoAnswerError: the poller or its gateway is away.
    """
    conn.execute(f"LISTEN {ANSWER}")  # no driver parameter: our own word
    with conn.transaction():
        row = conn.execute("INSERT INTO order_requests (account) VALUES (%s) RETURNING id", [account]).fetchone()
        assert row is not None
        conn.execute("SELECT pg_notify(%s, '')", [ASK])
    deadline = time.monotonic() + patience_s
    while True:
        found = conn.execute("SELECT perm_ids, problem FROM order_answers WHERE request = %s", [row[0]]).fetchone()
        if found is not None:
            _forget_old(conn, row[0])
            if found[0] is None:
                raise NoAnswerError(found[1])
            return list(found[0])
        if time.monotonic() >= deadline:
            raise NoAnswerError(
                "The poller doesn't answer, so that nobody can say which orders work at the broker: is it running?"
            )
        for _ in conn.notifies(timeout=LOOK_S, stop_after=1):
            pass


def _forget_old(conn: Conn, number: int) -> None:
    """Once in a while: questions and answers are kept for a week."""
    if number % 100 == 0:
        with conn.transaction():
            conn.execute(
                "DELETE FROM order_answers a USING order_requests r "
                " WHERE r.id = a.request AND r.requested_at < now() - interval '7 days'"
            )
            conn.execute("DELETE FROM order_requests WHERE requested_at < now() - interval '7 days'")
