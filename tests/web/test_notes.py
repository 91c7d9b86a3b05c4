"""Notes and tags by REST: kept by what outlives imports and folds, never lost to somebody else's edit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from dashboard.api import note_schemas
from data import audit
from data.notes import LONGEST_NOTE
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Answer, Web
from tests.web.test_rest import is_problem

JSON = {"Content-Type": "application/json"}


def put(web: Web, path: str, version: int = 0, **what: Any) -> Answer:
    return web.request("PUT", f"/api/{path}/notes", JSON, json.dumps({"version": version, **what}))


@pytest.fixture
def trade(web: Web, write: Writer, request: pytest.FixtureRequest) -> int:
    """The number of an execution of its own for each test."""
    number = abs(hash(request.node.nodeid)) % 2**31
    write.flush(executions=(samples.execution(number),))
    exec_id = samples.execution(number).exec_id
    return int(next(t["id"] for t in web.get("/api/trades/?limit=1000").json["items"] if t["exec_id"] == exec_id))


def test_a_note_is_written_read_and_audited(web: Web, trade: int, url: str) -> None:
    empty = web.get(f"/api/trades/{trade}/notes")
    assert note_schemas.Note.model_validate_json(empty.body, strict=True).version == 0
    written = put(
        web, f"trades/{trade}", note="Sold late.\nNever again.", tags=[" Late ", "late", "High IV"], excluded=True
    )
    assert written.status == 200, written.body
    view = note_schemas.Note.model_validate_json(written.body, strict=True)
    assert (view.note, view.tags, view.excluded, view.version) == (
        "Sold late.\nNever again.",
        ["high iv", "late"],
        True,
        1,
    )
    assert (view.author, view.account, view.subject) == ("local", ACCOUNT, "execution")
    assert web.get(f"/api/trades/{trade}/notes").json == written.json
    again = put(web, f"trades/{trade}", note=view.note, tags=view.tags, excluded=True)
    assert again.json == written.json  # what stands there already is no edit, whichever version was read
    with psycopg.connect(url, autocommit=True) as conn:
        events = conn.execute(
            "SELECT detail FROM audit_events WHERE subject = %s", [f"execution {view.key}"]
        ).fetchall()
        assert [event[0]["version"] for event in events] == [1]
        assert audit.verify(conn, None).problems == []


def test_a_stale_edit_loses_nothing(web: Web, trade: int) -> None:
    assert put(web, f"trades/{trade}", note="first").status == 200
    stale = put(web, f"trades/{trade}", note="second")
    assert "theirs stands and yours was not stored" in is_problem(stale, 409)["detail"]
    assert web.get(f"/api/trades/{trade}/notes").json["note"] == "first"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: put(web, f"trades/{trade}", 1, note=f"of {n}"), range(8)))
    won = [answer.json for answer in answers if answer.status == 200]
    assert [answer.status for answer in answers].count(409) == 7
    assert web.get(f"/api/trades/{trade}/notes").json == won[0]
    is_problem(put(web, f"trades/{trade}", 7, note="of another database"), 409)


def test_a_correction_keeps_what_is_written(web: Web, write: Writer, trade: int) -> None:
    put(web, f"trades/{trade}", note="mine", tags=["a"])
    known = web.get(f"/api/trades/{trade}/notes").json
    base = known["key"]
    corrected = samples.execution(1, base_exec_id=base, exec_id=f"{base}.02", revision=2, price=Decimal("2.30"))
    write.flush(executions=(corrected,))
    newest = next(t for t in web.get("/api/trades/?limit=1000").json["items"] if t["exec_id"] == f"{base}.02")
    assert newest["id"] != trade
    assert web.get(f"/api/trades/{newest['id']}/notes").json == known
    assert web.get(f"/api/trades/{trade}/notes").json == known


def fold(url: str, trip: str, executions: list[str]) -> int:
    """A round trip as the agent would write it; its number."""
    with psycopg.connect(url) as conn:
        conn.execute("DELETE FROM round_trips WHERE trip = ANY (%s)", [executions])
        row = conn.execute(
            "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, quantity, peak, gross, fees, carried, executions)"
            " VALUES (%s, %s, 2, -1, now(), current_date, -1, 1, 1, 0, 0, %s) RETURNING id",
            [ACCOUNT, trip, executions],
        ).fetchone()
        assert row is not None
        return int(row[0])


def test_a_round_trip_that_gets_another_beginning_keeps_its_note(web: Web, url: str) -> None:
    first = fold(url, "x2", ["x2", "x3"])
    assert put(web, f"trades/round-trips/{first}", note="mine").status == 200
    refolded = fold(url, "x2", ["x2", "x3"])
    assert web.get(f"/api/trades/round-trips/{refolded}/notes").json["note"] == "mine"
    earlier = fold(url, "x1", ["x1", "x2", "x3"])
    is_problem(web.get(f"/api/trades/round-trips/{first}/notes"), 404)
    known = web.get(f"/api/trades/round-trips/{earlier}/notes").json
    assert (known["note"], known["version"]) == ("mine", 1)
    assert put(web, f"trades/round-trips/{earlier}", 1, note="still mine").json["version"] == 2
    turned = fold(url, "x0", ["x0", "x1"])  # x1 ends this one and begins the next
    after = fold(url, "x2", ["x2", "x3"])
    assert web.get(f"/api/trades/round-trips/{after}/notes").json["note"] == "still mine"
    assert web.get(f"/api/trades/round-trips/{turned}/notes").json["version"] == 0


def test_an_underlying_has_one_of_its_account(web: Web) -> None:
    assert put(web, "underlyings/SPY", note="core", tags=["index"]).json["key"] == "SPY"
    assert web.get(f"/api/underlyings/SPY/notes?account={ACCOUNT}").json["tags"] == ["index"]
    is_problem(web.get("/api/underlyings/NOPE/notes"), 404)
    is_problem(web.get("/api/underlyings/SPY/notes?account=U0000000"), 404)


def test_what_is_wrong_is_refused_in_a_sentence(web: Web, trade: int) -> None:
    for wrong in (
        {"note": "x" * (LONGEST_NOTE + 1)}, {"tags": ["a,b"]}, {"tags": [""]}, {"tags": ["x" * 33]},
        {"tags": [str(n) for n in range(21)]}, {"note": "a\0b"}, {"excluded": "perhaps"}, {"else": 1}, {"version": -1},
    ):  # fmt: skip
        answer = web.request("PUT", f"/api/trades/{trade}/notes", JSON, json.dumps({"version": 0} | wrong))
        assert is_problem(answer, 422), wrong
    assert is_problem(web.request("PUT", f"/api/trades/{trade}/notes", JSON, "{}"), 422)
    is_problem(put(web, "trades/999999999", note="x"), 404)
    assert web.get(f"/api/trades/{trade}/notes").json["version"] == 0


def test_who_listens_hears_that_there_are_other_notes(web: Web, trade: int) -> None:
    with web.socket() as client:
        client.send({"type": "subscribe", "topics": ["notes"], "account": ACCOUNT})
        client.of("subscribed")
        put(web, f"trades/{trade}", note="heard")
        first = client.of("notes.update")
        put(web, f"trades/{trade}", 1, note="heard again")
        assert client.of("notes.update")["revision"] > first["revision"]
