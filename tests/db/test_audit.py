"""The audit log's chain: what was changed, taken away, swapped or cut off is found by number; nobody may change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from data import audit
from data.audit import Caller
from data.db import connect
from data.model import Role
from tests.conftest import Server

WHO = Caller("somebody", "user", "127.0.0.1")
OWNER = "ALTER TABLE audit_events DISABLE TRIGGER ALL; "  # what only the owner can do


@pytest.fixture
def log(server18: Server) -> Iterator[psycopg.Connection[Any]]:
    url = server18.database()
    with connect(url, Role.AGENT, "test", autocommit=True) as conn:
        for n in range(1, 8):
            audit.write(conn, "command.requested", WHO, f"tg/{n}", {"n": n, "words": "a:b,c"})
    with connect(url, Role.OWNER, "test", autocommit=True) as conn:
        yield conn


def test_a_whole_log(log: psycopg.Connection[Any]) -> None:
    head = audit.head(log)
    verdict = audit.verify(log, head)
    assert (verdict.events, verdict.head, verdict.problems) == (7, head, [])
    assert audit.verify(log, None).problems == []


@pytest.mark.parametrize(
    ("tampering", "number", "word"),
    [
        ("UPDATE audit_events SET actor = 'nobody' WHERE id = 3", 3, "changed"),
        ("UPDATE audit_events SET detail = '{}' WHERE id = 7", 7, "changed"),
        ("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE id = 1", 1, "changed"),
        ("UPDATE audit_events SET subject = NULL WHERE id = 4", 4, "changed"),
        ("DELETE FROM audit_events WHERE id = 1", 1, "missing"),
        ("DELETE FROM audit_events WHERE id = 5", 5, "missing"),
        ("DELETE FROM audit_events WHERE id = 7", 7, "missing"),
        ("UPDATE audit_events SET id = -id WHERE id IN (2, 3); UPDATE audit_events SET id = 5 + id WHERE id < 0", 2, "changed"),
        (
            "DELETE FROM audit_events WHERE id = 7; "
            "UPDATE audit_head SET id = 6, hash = (SELECT hash FROM audit_events WHERE id = 6)", 7, "cut off"
        ),
        ("DELETE FROM audit_events; UPDATE audit_head SET id = 0, hash = sha256('MoneyTrailz')", 7, "cut off"),
    ],
)  # fmt: skip
def test_tampering_is_found_by_number(log: psycopg.Connection[Any], tampering: str, number: int, word: str) -> None:
    head = audit.head(log)
    log.execute(OWNER + tampering)  # type: ignore[arg-type]
    problems = audit.verify(log, head).problems
    assert any(str(number) in problem and word in problem for problem in problems), problems


def test_a_row_that_was_replaced_with_a_sound_one(log: psycopg.Connection[Any]) -> None:
    log.execute(
        OWNER + "UPDATE audit_events SET actor = 'nobody' WHERE id = 3; "
        "UPDATE audit_events SET hash = audit_hash(previous, id, at, kind, actor, origin, subject, detail) WHERE id = 3"
    )
    problems = audit.verify(log, None).problems
    assert problems == ["Event 4 doesn't follow from the one before it: one of them was replaced."]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = ''", "DELETE FROM audit_events", "TRUNCATE audit_events",
                                       "UPDATE audit_head SET id = 0", "UPDATE commands SET reason = ''", "DELETE FROM commands"])  # fmt: skip
def test_no_role_may_change_it(log: psycopg.Connection[Any], role: Role, statement: str) -> None:
    with log.transaction(force_rollback=True):
        log.execute(sql.SQL("RESET ROLE; SET ROLE {}").format(sql.Identifier(role.value)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            log.execute(statement)  # type: ignore[arg-type]


def test_the_owner_is_refused_too(log: psycopg.Connection[Any]) -> None:
    for statement in ("UPDATE audit_events SET actor = ''", "DELETE FROM audit_events", "TRUNCATE audit_events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            log.execute(statement)  # type: ignore[arg-type]


def test_number_time_and_hash_are_not_the_writers(log: psycopg.Connection[Any]) -> None:
    log.execute(
        "INSERT INTO audit_events (id, at, kind, actor, previous, hash) VALUES (99, '2000-01-01', 'k', 'a', 'x', 'y')"
    )
    row = log.execute("SELECT id, at > now() - interval '1 hour' FROM audit_events ORDER BY id DESC LIMIT 1").fetchone()
    assert row == (8, True)
    assert audit.verify(log, None).problems == []
