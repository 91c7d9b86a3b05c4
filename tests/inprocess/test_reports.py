"""What in-process bots report by REST: written once, cheap to repeat, refused with a sentence."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine

from dashboard.api.bot_schemas import Decision, StrategyReport
from data.audit import Caller
from data.db import DatabaseError, make_engine
from data.model import Role
from data.strategies.reports import Reports
from tests.web.server import Answer, Web, wait_until
from tests.web.test_rest import is_problem

JSON = {"Content-Type": "application/json"}
LOCAL = Caller("local", "local")
AT = "2026-11-24T15:00:00Z"


@pytest.fixture
def bot(request: pytest.FixtureRequest) -> str:
    return f"bot-{uuid.uuid4().hex[:8]}"


def post(web: Web, path: str, body: Any) -> Answer:
    return web.request("POST", f"/api/bots/{path}", JSON, json.dumps(body))


def beat(web: Web, bot: str, *strategies: dict[str, Any], **more: Any) -> Any:
    answer = post(web, f"{bot}/heartbeat", {"strategies": list(strategies), **more})
    assert answer.status == 200, answer.body
    return answer.json


def rows(url: str, sql: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as conn:
        return conn.execute(sql, values).fetchall()


def command(web: Web, strategy: str, action: str, **body: Any) -> int:
    answer = web.request("POST", f"/api/strategies/{strategy}/{action}", JSON, json.dumps(body))
    assert answer.status == 202, answer.body
    return int(answer.json["command"]["number"])


def revision(url: str) -> int:
    return int(rows(url, "SELECT coalesce(max(revision), 0) AS n FROM revisions WHERE topic = 'strategies'")[0]["n"])


def test_a_bot_introduces_itself_and_its_strategies(web: Web, bot: str, url: str) -> None:
    wheel = {
        "name": "wheel",
        "title": "Wheel",
        "symbols": ["KO"],
        "allocation": 0.4,
        "status": "running",
        "words": "2 puts",
    }
    assert beat(web, bot, wheel, account="DU9000001", client_id=21) == {
        "bot": bot, "command": 0, "is_killed": False, "strategies": {},
    }  # fmt: skip
    (stored,) = rows(url, "SELECT * FROM strategies WHERE bot = %s", bot)
    assert (stored["name"], stored["allocation"], stored["bot_words"]) == (f"{bot}/wheel", 0.4, "2 puts")
    (found,) = rows(url, "SELECT * FROM bots WHERE bot = %s", bot)
    assert (found["adapter"], found["client_id"], found["account"]) == ("in_process", 21, "DU9000001")
    assert len(rows(url, "SELECT FROM audit_events WHERE kind = 'bot.registered' AND subject = %s", bot)) == 1


def test_only_what_changes_is_announced(web: Web, bot: str, url: str) -> None:
    wheel = {"name": "wheel", "status": "running"}
    beat(web, bot, wheel)
    before = revision(url)
    beat(web, bot, wheel | {"applied_command": 0, "cycles_since": 3})
    assert revision(url) == before
    beat(web, bot, wheel | {"status": "error", "words": "no margin"})
    assert revision(url) == before + 1
    beat(web, bot)  # it has it no more
    assert revision(url) == before + 2
    assert rows(url, "SELECT is_listed FROM strategies WHERE bot = %s", bot) == [{"is_listed": False}]


def test_a_safer_command_counts_before_the_agent_has_seen_it(web: Web, bot: str, url: str) -> None:
    beat(web, bot, {"name": "wheel"}, {"name": "hedge"})
    number = command(web, f"{bot}/wheel", "pause")
    told = beat(web, bot, {"name": "wheel"}, {"name": "hedge"})
    assert told["strategies"] == {"wheel": {"desired": "paused", "command": number, "symbols": {}}}
    assert told["command"] == number


def test_a_resume_counts_once_it_is_acknowledged(web: Web, bot: str, url: str) -> None:
    beat(web, bot, {"name": "wheel", "symbols": ["KO", "XLE"]})
    paused = command(web, f"{bot}/wheel", "pause")
    with psycopg.connect(url) as conn:
        conn.execute(
            "INSERT INTO command_progress (command, state, claimed_by, settled_at) VALUES (%s, 'enforced', 'test', now())",
            [paused],
        )
        conn.execute(
            "INSERT INTO strategy_states (strategy, desired, command) VALUES (%s, 'paused', %s)",
            [f"{bot}/wheel", paused],
        )
    resumed = command(web, f"{bot}/wheel", "resume")
    assert beat(web, bot, {"name": "wheel"})["strategies"]["wheel"]["desired"] == "paused"
    with psycopg.connect(url) as conn:
        conn.execute(
            "UPDATE strategy_states SET desired = 'active', command = %s WHERE strategy = %s", [resumed, f"{bot}/wheel"]
        )
    assert beat(web, bot, {"name": "wheel"})["strategies"]["wheel"] == {
        "desired": "active", "command": resumed, "symbols": {},
    }  # fmt: skip


def test_what_it_acts_on_is_kept(web: Web, bot: str, url: str) -> None:
    report = {
        "name": "wheel", "applied_command": 7, "desired": "paused", "symbol_states": {"KO": "paused"}, "cycles_since": 2,
        "queued_orders": 1, "figures": {"puts": 3}, "next_cycle_at": AT, "open_orders": 2,
    }  # fmt: skip
    beat(web, bot, report)
    beat(web, bot, report | {"cycles_since": 3})
    (kept,) = rows(url, "SELECT * FROM bot_reports WHERE bot = %s", bot)
    assert (kept["applied_command"], kept["desired"], kept["cycles_since"], kept["queued_orders"]) == (
        7,
        "paused",
        3,
        1,
    )
    assert (kept["symbol_states"], kept["figures"], kept["open_orders"]) == ({"KO": "paused"}, {"puts": 3}, 2)
    assert kept["next_cycle_at"].isoformat() == "2026-11-24T15:00:00+00:00"


def test_cycles_are_runs(web: Web, bot: str, url: str) -> None:
    cycle = {"run_id": str(uuid.uuid4()), "started_at": AT}
    beat(web, bot, {"name": "wheel"}, cycle=cycle)
    before = revision(url)
    beat(web, bot, {"name": "wheel"}, cycle=cycle)
    assert revision(url) == before
    ended = cycle | {"ended_at": "2026-11-24T15:00:09Z", "outcome": "failed", "words": "oh"}
    beat(web, bot, {"name": "wheel"}, cycle=ended)
    wait_until(
        lambda: beat(web, bot, {"name": "wheel"}, cycle=ended) and revision(url) > before, "its end is announced"
    )
    (run,) = rows(url, "SELECT * FROM bot_runs WHERE bot = %s", bot)
    assert (run["outcome"], run["words"]) == ("failed", "oh")


def test_decisions_are_written_once(web: Web, bot: str, url: str) -> None:
    run_id = str(uuid.uuid4())
    beat(web, bot, {"name": "wheel"}, account="DU9000001", client_id=21, cycle={"run_id": run_id, "started_at": AT})
    lines = {
        "items": [
            {
                "source_key": "1",
                "strategy": "wheel",
                "ts": AT,
                "kind": "skip",
                "reason": "did not roll",
                "run_id": run_id,
            },
            {
                "source_key": "2",
                "strategy": "gone",
                "ts": AT,
                "kind": "intent",
                "quantity": 2,
                "run_id": str(uuid.uuid4()),
            },
        ]
    }
    assert post(web, f"{bot}/decisions", lines).json == {"written": 2}
    assert post(web, f"{bot}/decisions", lines).json == {"written": 0}
    first, second = rows(url, "SELECT * FROM decisions WHERE bot = %s ORDER BY source_key", bot)
    assert (first["strategy"], str(first["run_id"]), first["account"]) == (f"{bot}/wheel", run_id, "DU9000001")
    assert (second["strategy"], second["run_id"], second["client_id"]) == (None, None, 21)


@pytest.fixture
def reports_of() -> Iterator[Callable[[str], Reports]]:
    engines: list[Engine] = []

    def make(url: str) -> Reports:
        engines.append(make_engine(url, Role.WEB, "test", pool_size=1))
        return Reports(engines[-1], url)

    yield make
    for engine in engines:
        engine.dispose()


def test_every_database_takes_reports(database_url: str, reports_of: Callable[[str], Reports]) -> None:
    reports = reports_of(database_url)
    row = StrategyReport(name="w", symbols=["KO"], figures={"puts": 2}, next_cycle_at=AT).row()
    cycle = {"run_id": uuid.uuid4(), "started_at": AT, "ended_at": AT, "outcome": "ok", "command_seen": 0}
    line = Decision(
        source_key="1", strategy="w", ts=AT, kind="intent", quantity=2.5, run_id=cycle["run_id"], detail={"a": [1]}
    )
    for expected in (1, 0):
        assert reports.heartbeat(LOCAL, "b", {"account": "DU1"}, [row], cycle).command == 0
        assert reports.decisions("b", [line.model_dump(mode="json")]) == expected
    (kept,) = rows(
        database_url,
        "SELECT symbols, quantity, d.detail, r.outcome FROM strategies s JOIN decisions d ON d.strategy = s.name JOIN bot_runs r USING (run_id)",
    )
    assert kept == {"symbols": ["KO"], "quantity": Decimal("2.5"), "detail": {"a": [1]}, "outcome": "ok"}


def test_the_database_is_away(reports_of: Callable[[str], Reports]) -> None:
    reports = reports_of("postgresql://u:secret@127.0.0.1:1/x")
    with pytest.raises(DatabaseError, match="The report was not kept") as error:
        reports.heartbeat(LOCAL, "b", {}, [], None)
    assert "secret" not in str(error.value)


def test_what_is_refused(web: Web, bot: str, url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO bots (bot, adapter) VALUES (%s, 'wrapper')", [bot])
    assert "mtz bot" in is_problem(post(web, f"{bot}/heartbeat", {"strategies": []}), 409)["detail"]
    line = {"source_key": "1", "strategy": "wheel", "ts": AT, "kind": "skip"}
    is_problem(post(web, f"{bot}/decisions", {"items": [line]}), 404)
    twice = {"strategies": [{"name": "wheel"}, {"name": "wheel"}]}
    assert "twice" in is_problem(post(web, "b/heartbeat", twice), 422)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"strategies": [{"name": "*"}]}, {"strategies": [{"name": "a/b"}]}, {"strategies": [{"name": ""}]},
        {"strategies": [{"name": "a", "words": "\0"}]}, {"strategies": [{"name": "a", "applied_command": 2**63}]},
        {"strategies": [{"name": "a", "allocation": 1e999}]}, {"strategies": [{"name": "a", "who": 1}]},
        {"strategies": [], "cycle": {"run_id": "1", "started_at": AT}},
        {"strategies": [], "cycle": {"run_id": str(uuid.UUID(int=1)), "started_at": AT, "outcome": "ok"}},
        {"strategies": [], "cycle": {"run_id": str(uuid.UUID(int=1)), "started_at": "2026-11-24T15:00:00"}},
    ],
)  # fmt: skip
def test_malformed_reports(web: Web, bot: str, body: Any) -> None:
    is_problem(post(web, f"{bot}/heartbeat", body), 422)
