"""How a process that lives on one database connection begins, waits for a database that is away, and ends."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from data.db import DatabaseError, connect, explain, is_away
from data.migrate import require_schema
from data.model import Role

Conn = psycopg.Connection[Any]
Serve = Callable[[Conn, threading.Event], None]

DATABASE_EXIT = 3  # as every command of this program says "the database can't be used"


def serve_until_stopped(
    url: str,
    role: Role,
    name: str,
    serve: Serve,
    *,
    meanwhile: str,
    retry_s: float,
    log: logging.Logger,
    **patience: int,
) -> int:
    """Call `serve` with a connection under `role` until SIGTERM or SIGINT, anew when the connection is lost; the exit code.

    0: stopped as asked. 3: the database refuses us or lacks a migration; the log has the sentence. A database that is
    merely away is tried again each `retry_s` seconds for ever, and said once, with what is true `meanwhile`.
    `patience` are libpq's words on how soon a dead network is noticed.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    was_away = False
    try:
        while not stopping.is_set():
            try:
                require_schema(url)
                with connect(url, role, name, autocommit=True, **patience) as conn:
                    was_away = False
                    serve(conn, stopping)
            except psycopg.OperationalError as error:
                if not is_away(error, url):
                    raise DatabaseError(explain(error, url)) from error
                if not was_away:
                    log.warning("%s %s", explain(error, url), meanwhile)
                was_away = True
                stopping.wait(retry_s)
    except DatabaseError as error:
        log.error("%s", error)
        return DATABASE_EXIT
    return 0
