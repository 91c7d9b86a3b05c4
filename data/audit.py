"""The audit log: who did what, when and from where; each event's hash covers the one before it.

What this shows: a row that was changed, is missing or stands in another place, and, against the head that is kept in a file
outside the database, a tail that was cut off. What it can't show: the owner of the database can rewrite all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from data.db import literal
from data.queries import statement

FIRST = 1
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts. `kind`: user, token, local (the command line on the machine) or agent. `origin`: an address or a host."""

    name: str
    kind: str
    origin: str | None = None


def write(
    conn: Connection | psycopg.Connection[Any],
    kind: str,
    caller: Caller,
    subject: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an event in the caller's transaction; never put a secret into `detail`."""
    row = {
        "kind": kind,
        "actor": caller.name,
        "origin": caller.origin,
        "subject": subject,
        "detail": Jsonb(detail or {}),
    }
    if isinstance(conn, Connection):
        conn.exec_driver_sql(statement("audit"), row)
    else:
        conn.execute(literal(statement("audit")), row)


def holds(conn: psycopg.Connection[Any], kept_head: tuple[int, str]) -> bool:
    """Whether the event that `kept_head` names is there as it was."""
    row = conn.execute("SELECT encode(hash, 'hex') FROM audit_events WHERE id = %s", [kept_head[0]]).fetchone()
    return row is not None and row[0] == kept_head[1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problems` are sentences naming events by number; none: the chain is whole. `head`: the newest event."""

    events: int
    head: tuple[int, str]
    problems: list[str]


def head(conn: psycopg.Connection[Any]) -> tuple[int, str]:
    """The newest event's number and hash."""
    row = conn.execute("SELECT id, encode(hash, 'hex') FROM audit_head").fetchone()
    assert row is not None
    return row[0], row[1]


def verify(conn: psycopg.Connection[Any], kept_head: tuple[int, str] | None) -> Verdict:
    """Walk the chain in one snapshot. `kept_head`: a number and hash that were written down outside the database."""
    problems: list[str] = []
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        start = conn.execute("SELECT encode(sha256('MoneyTrailz'), 'hex')").fetchone()
        assert start is not None
        newest = head(conn)
        previous, expected, count = str(start[0]), FIRST, 0
        kept_seen = kept_head is None or kept_head[0] == 0
        while rows := conn.execute(
            "SELECT id, encode(previous, 'hex'), encode(hash, 'hex'), "
            "       hash = audit_hash(previous, id, at, kind, actor, origin, subject, detail) "
            "  FROM audit_events WHERE id >= %s ORDER BY id LIMIT %s",
            [expected if count else 0, PAGE],
        ).fetchall():
            for number, before, digest, is_sound in rows:
                if number != expected:
                    problems.append(_missing(expected, number - 1))
                elif before != previous:
                    problems.append(f"Event {number} doesn't follow from the one before it: one of them was replaced.")
                if not is_sound:
                    problems.append(f"Event {number} was changed after it was written.")
                if kept_head is not None and number == kept_head[0]:
                    kept_seen = True
                    if digest != kept_head[1]:
                        problems.append(f"Event {number} isn't the one that the head outside the database names.")
                previous, expected, count = digest, number + 1, count + 1
        if newest[0] >= expected:
            problems.append(_missing(expected, newest[0]))
        elif (count or newest[0]) and newest[1] != previous:
            problems.append(f"Event {newest[0]} isn't the one that the database's own head names.")
        if not kept_seen and kept_head is not None and newest[0] < kept_head[0]:
            problems.append(f"The end was cut off: event {kept_head[0]} was there once.")
    return Verdict(count, newest, problems)


def _missing(first: int, last: int) -> str:
    return f"Event {first} is missing." if first == last else f"Events {first} to {last} are missing."
