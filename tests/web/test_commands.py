"""Commands by REST: accepted, repeated, overruled, refused; every one an event of the audit log."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from dashboard.api import command_schemas
from data import audit
from tests.conftest import Server
from tests.web.samples import Writer
from tests.web.server import Answer, Web
from tests.web.test_rest import is_problem

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def strategy(url: str, write: Writer, request: pytest.FixtureRequest) -> str:
    """A strategy of its own for each test."""
    bot = f"bot-{abs(hash(request.node.nodeid)) % 10**9}"
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO bots (bot, adapter) VALUES (%s, 'wrapper')", [bot])
        conn.execute(
            "INSERT INTO strategies (name, bot, symbols, can_pause_opening) VALUES (%s, %s, '{KO,XLE}', true)",
            [f"{bot}/wheel", bot],
        )
        conn.execute("INSERT INTO strategies (name, bot) VALUES (%s, %s)", [f"{bot}/hedge", bot])
    return f"{bot}/wheel"


def post(web: Web, path: str, body: Any = None, key: str | None = None) -> Answer:
    headers = JSON | ({"Idempotency-Key": key} if key else {})
    return web.request("POST", f"/api/{path}", headers, json.dumps(body) if body is not None else None)


def settle(url: str, command: dict[str, Any], state: str = "enforced") -> None:
    """What the agent would do."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "INSERT INTO command_progress (command, state, claimed_by, settled_at) VALUES (%s, %s, 'test', now())",
            [command["number"], state],
        )


def test_a_pause_is_accepted_and_can_be_looked_at(web: Web, strategy: str, url: str) -> None:
    given = post(web, f"strategies/{strategy}/pause", {"reason": "earnings"})
    assert given.status == 202, given.body
    answer = command_schemas.CommandAnswer.model_validate_json(given.body, strict=True)
    assert (answer.command.state, answer.command.reason, answer.is_new) == ("requested", "earnings", True)
    assert "nothing is closed" in answer.positions
    looked = web.get(f"/api/commands/{answer.command.id}")
    assert looked.json == given.json["command"]
    with psycopg.connect(url) as conn:
        event = conn.execute(
            "SELECT kind, actor, origin, detail ->> 'reason' FROM audit_events WHERE subject = %s", [strategy]
        ).fetchone()
        assert event == ("command.requested", "local", "127.0.0.1", "earnings")
    with psycopg.connect(url, autocommit=True) as conn:
        assert audit.verify(conn, None).problems == []


def test_the_same_again_is_the_same_command(web: Web, strategy: str) -> None:
    first = post(web, f"strategies/{strategy}/stop")
    again = post(web, f"strategies/{strategy}/stop")
    assert (first.status, again.status) == (202, 200)
    assert again.json["command"]["id"] == first.json["command"]["id"]
    assert not again.json["is_new"]


def test_a_key_gives_one_command(web: Web, strategy: str, url: str) -> None:
    first = post(web, f"strategies/{strategy}/pause", {"reason": "a"}, key=strategy)
    settle(url, first.json["command"])
    resumed = post(web, f"strategies/{strategy}/resume")
    assert resumed.status == 202
    again = post(web, f"strategies/{strategy}/pause", {"reason": "a"}, key=strategy)
    assert (again.status, again.json["command"]["id"]) == (200, first.json["command"]["id"])
    is_problem(post(web, f"strategies/{strategy}/pause", {"reason": "b"}, key=strategy), 422)


def test_the_key_of_a_repetition_counts_too(web: Web, strategy: str, url: str) -> None:
    first = post(web, f"strategies/{strategy}/pause", {})
    settle(url, first.json["command"])
    repeated = post(web, f"strategies/{strategy}/pause", {}, key=strategy)
    assert (repeated.status, repeated.json["command"]["id"]) == (200, first.json["command"]["id"])
    is_problem(post(web, f"strategies/{strategy}/stop", {}, key=strategy), 422)
    assert post(web, f"strategies/{strategy}/resume", {}).status == 202
    late = post(web, f"strategies/{strategy}/pause", {}, key=strategy)  # an answer that was lost, asked for again
    assert (late.status, late.json["command"]["id"]) == (200, first.json["command"]["id"])


def test_one_key_at_the_same_moment_is_one_command(web: Web, strategy: str, url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(web, f"strategies/{strategy}/stop", {}, key=strategy), range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [202]
    assert len({answer.json["command"]["id"] for answer in answers}) == 1
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM commands WHERE strategy = %s", [strategy]).fetchone() == (1,)


def test_the_safer_one_counts_until_it_is_settled(web: Web, strategy: str, url: str) -> None:
    stop = post(web, f"strategies/{strategy}/stop")
    for less in ("resume", "pause"):
        assert "stop" in is_problem(post(web, f"strategies/{strategy}/{less}"), 409)["detail"]
    settle(url, stop.json["command"])
    assert post(web, f"strategies/{strategy}/resume").status == 202
    assert post(web, f"strategies/{strategy}/stop").status == 202  # safer than what waits


@pytest.mark.parametrize("state", ["failed", "overruled"])
def test_what_failed_can_be_given_again(web: Web, strategy: str, url: str, state: str) -> None:
    first = post(web, f"strategies/{strategy}/pause")
    settle(url, first.json["command"], state)
    again = post(web, f"strategies/{strategy}/pause")
    assert (again.status, again.json["is_new"]) == (202, True)


def test_what_is_impossible(web: Web, strategy: str) -> None:
    bot = strategy.split("/")[0]
    assert "bot-" in is_problem(post(web, f"strategies/{bot}/nothing/pause"), 404)["detail"]
    is_problem(post(web, f"strategies/{bot}/hedge/pause", {"scope": "opening"}), 409)
    is_problem(post(web, f"strategies/{strategy}/pause", {"symbol": "MSFT"}), 409)
    is_problem(post(web, f"strategies/{strategy}/stop", {"symbol": "KO"}), 409)
    is_problem(post(web, f"strategies/{strategy}/resume", {"scope": "opening"}), 409)
    is_problem(web.get("/api/commands/7"), 404)
    is_problem(web.get("/api/commands/00000000-0000-0000-0000-000000000000"), 404)


@pytest.mark.parametrize(
    "body",
    [
        '{"scope": "some"}',
        '{"whose": 1}',
        "[]",
        "{",
        '"x"',
        '{"reason": "%s"}' % ("x" * 501),
        '{"symbol": ""}',
        '{"reason": "\\u0000"}',
    ],
)
def test_a_malformed_body(web: Web, strategy: str, body: str) -> None:
    is_problem(web.request("POST", f"/api/strategies/{strategy}/pause", JSON, body), 400 if body == "{" else 422)


def test_a_symbol_has_commands_of_its_own(web: Web, strategy: str) -> None:
    one = post(web, f"strategies/{strategy}/pause", {"symbol": "KO", "scope": "opening"})
    whole = post(web, f"strategies/{strategy}/pause")
    assert (one.status, whole.status) == (202, 202)
    assert "KO" in one.json["effect"]


def test_a_symbol_does_not_trade_again_while_its_strategy_is_held(web: Web, strategy: str, url: str) -> None:
    for action, body in [("pause", {"symbol": "KO"}), ("stop", None)]:
        settle(url, post(web, f"strategies/{strategy}/{action}", body).json["command"])
    with psycopg.connect(url) as conn:
        conn.execute(
            "INSERT INTO strategy_states SELECT strategy, '', 'stopped', max(id) FROM commands WHERE strategy = %s AND symbol IS NULL GROUP BY 1",
            [strategy],
        )
    assert "resume it first" in is_problem(post(web, f"strategies/{strategy}/resume", {"symbol": "KO"}), 409)["detail"]
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE strategy_states SET desired = 'active' WHERE strategy = %s", [strategy])
    assert post(web, f"strategies/{strategy}/resume", {"symbol": "KO"}).status == 202
    assert post(web, f"strategies/{strategy}/pause").status == 202
    is_problem(post(web, f"strategies/{strategy}/resume", {"symbol": "XLE"}), 409)  # the pause is on its way


def test_another_page_can_not_command(web: Web, strategy: str) -> None:
    headers = JSON | {"Origin": "http://evil.example"}
    is_problem(web.request("POST", f"/api/strategies/{strategy}/stop", headers, "{}"), 403)


def test_the_kill_switch_stops_each_and_its_release_resumes_none(web: Web, strategy: str, url: str) -> None:
    with psycopg.connect(url) as conn:  # its bot doesn't name it any more, but an order of it may still work
        conn.execute("UPDATE strategies SET is_listed = false WHERE name = %s", [strategy.replace("wheel", "hedge")])
    given = post(web, "kill-switch", {"reason": "flash crash"})
    assert given.status == 202, given.body
    with psycopg.connect(url) as conn:
        names = {row[0] for row in conn.execute("SELECT name FROM strategies")}
        batch = conn.execute(
            "SELECT batch FROM commands WHERE command_id = %s", [given.json["command"]["id"]]
        ).fetchone()
        stopped = conn.execute("SELECT strategy, action, id FROM commands WHERE batch = %s", batch).fetchall()
    assert {row[0] for row in stopped} == names | {"*"}
    assert {row[1] for row in stopped} == {"stop"}
    is_problem(post(web, f"strategies/{strategy}/resume"), 409)
    for row in stopped:
        settle(url, {"number": row[2]})
    with psycopg.connect(url) as conn:
        conn.execute(
            "INSERT INTO strategy_states SELECT '*', '', 'stopped', id FROM commands WHERE batch = %s AND strategy = '*'",
            batch,
        )
    for freer in ("pause", "resume"):  # a mere pause would let go of the orders that the stop still looks for
        assert "kill switch" in is_problem(post(web, f"strategies/{strategy}/{freer}"), 409)["detail"]
    released = post(web, "kill-switch/release")
    assert released.status == 202
    settle(url, released.json["command"])
    with psycopg.connect(url) as conn:
        conn.execute("DELETE FROM strategy_states WHERE strategy = '*'")
    with psycopg.connect(url) as conn:
        newest = conn.execute("SELECT action FROM commands WHERE strategy = %s ORDER BY id DESC LIMIT 1", [strategy])
        assert newest.fetchone() == ("stop",)
    assert post(web, f"strategies/{strategy}/resume").status == 202


def test_no_command_without_the_database(server18: Server, tmp_path: Any) -> None:
    from tests.web.server import running, wait_until

    with running(server18.url("nowhere"), tmp_path) as web:
        wait_until(web.answers, "it answers")
        assert "not given" in is_problem(post(web, "strategies/a/b/stop"), 503)["detail"]
