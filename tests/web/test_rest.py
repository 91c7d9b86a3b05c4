"""REST over a real socket: answers, conditions, errors as problems; every answer is held against the documented schema."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dashboard.api import schemas, strategy_schemas
from data.db import make_engine
from data.model import Role
from data.reads import Reads
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web, wait_until

ANSWERS: dict[str, type[BaseModel]] = {
    "/api/portfolio/": schemas.Portfolio,
    "/api/portfolio": schemas.Portfolio,
    f"/api/portfolio/?account={ACCOUNT}": schemas.Portfolio,
    "/api/portfolio/positions": schemas.Positions,
    "/api/portfolio/summary": schemas.Summary,
    "/api/portfolio/health": schemas.Health,
    "/api/trades/": schemas.Trades,
    "/api/trades?limit=1": schemas.Trades,
    "/api/strategies/": strategy_schemas.Strategies,
    "/health": schemas.ServiceHealth,
}


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert set(found) == {"type", "title", "status", "detail"}
    assert found["status"] == status
    assert "Traceback" not in found["detail"]
    return found


@pytest.mark.parametrize("path", ANSWERS)
def test_answers_are_as_documented(web: Web, write: Writer, path: str) -> None:
    write.flush(executions=(samples.execution(1),))
    answer = web.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    shown = ANSWERS[path].model_validate_json(answer.body, strict=True)
    assert set(answer.json) == set(type(shown).model_fields)


def test_the_answers_are_those_of_the_read_model(web: Web, write: Writer, url: str) -> None:
    write.worth(123_456.78)
    engine = make_engine(url, Role.WEB, "test")
    reads = Reads(engine, url)
    wait_until(lambda: web.get("/api/portfolio/").json["net_liquidation"] == 123_456.78, "the new worth is told")
    assert web.get("/api/portfolio/").json == reads.portfolio(ACCOUNT)
    assert web.get(f"/api/portfolio/?account={ACCOUNT}").json == reads.portfolio(ACCOUNT)
    assert web.get("/api/portfolio/positions").json["items"] == reads.positions(ACCOUNT)["items"]
    assert web.get("/api/portfolio/summary").json["items"] == reads.summary(ACCOUNT)["items"]
    assert web.get("/api/trades/").json == reads.trades(ACCOUNT)
    engine.dispose()


def test_who_has_the_newest_gets_304(web: Web, write: Writer) -> None:
    for path in ("/api/portfolio/", "/api/portfolio/positions", "/api/portfolio/summary", "/api/trades/"):
        tag = web.get(path).headers["etag"]
        assert not tag.startswith("W/")
        for asked in (tag, f'"other", {tag}', "*", f"W/{tag}"):
            answer = web.get(path, {"If-None-Match": asked})
            assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag), path
        assert web.get(path, {"If-None-Match": '"other"'}).status == 200


def test_the_tag_moves_with_the_freshness_too(web: Web, write: Writer) -> None:
    before = web.get("/api/portfolio/")
    write.status(market_data_type=3)
    delayed = wait_until(
        lambda: (a := web.get("/api/portfolio/")) and a.json["freshness"] == "delayed" and a, "delayed is told"
    )
    assert delayed.headers["etag"] != before.headers["etag"]
    assert web.get("/api/portfolio/", {"If-None-Match": before.headers["etag"]}).status == 200


def test_what_holds_ages_is_stored_nowhere(web: Web) -> None:
    for path in ("/health", "/api/portfolio/health"):
        answer = web.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    assert web.get("/api/portfolio/").headers["cache-control"] == "private, no-cache"


def test_health_names_each_part_and_its_age(web: Web, write: Writer) -> None:
    found = web.get("/health").json
    assert found["status"] == "ok"
    for part in ("database", "poller", "gateway"):
        assert 0 <= found[part]["age_s"] < 10
    write.status(gateway_state="refused", gateway_reason="nothing listens there")
    failing = wait_until(lambda: (a := web.get("/health")).status == 503 and a, "the gateway is missed")
    assert failing.json["gateway"] | {"since": None, "age_s": None} == {
        "state": "refused", "reason": "nothing listens there", "since": None, "age_s": None,
    }  # fmt: skip
    assert failing.json["database"]["state"] == "connected"


def test_paging_through_trades(web: Web, write: Writer) -> None:
    write.flush(executions=tuple(samples.execution(n, price=Decimal(n)) for n in range(100, 112)))
    seen: list[str] = []
    path = "/api/trades/?limit=5"
    while path:
        page = web.get(path).json
        seen += [item["exec_id"] for item in page["items"]]
        path = f"/api/trades/?limit=5&before={quote(page['next_before'])}" if page["next_before"] else ""
    assert len(seen) == len(set(seen)) >= 12


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=1.5", "limit=", "before=nonsense", "before=", "typo=1",
     f"account={'A' * 65}"],
)  # fmt: skip
def test_wrong_parameters_are_422_by_name(web: Web, query: str) -> None:
    found = is_problem(web.get(f"/api/trades/?{query}"), 422)
    value = query.split("=")[1]
    assert len(value) < 4 or value not in found["detail"]


@pytest.mark.parametrize(
    "path",
    ["/api/wheel/cycles?symbol=a%00b", "/api/exports/cash_flows.csv?symbol=%00", "/api/trades/?account=%00",
     "/api/analytics/bars/K%00O", "/api/positions/%00"],
)  # fmt: skip
def test_a_nul_is_refused_everywhere(web: Web, path: str) -> None:
    is_problem(web.get(path), 422)


def test_an_unknown_account_is_404(web: Web) -> None:
    for path in ("/api/portfolio/", "/api/portfolio/positions", "/api/portfolio/summary", "/api/portfolio/health",
                 "/api/trades/", "/api/exports/trades.csv", "/api/exports/positions.csv"):  # fmt: skip
        found = is_problem(web.get(f"{path}?account=U0000000"), 404)
        assert ACCOUNT in found["detail"]
        assert "U0000000" not in found["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/typo", "/api/portfolio/typo", "/docs/typo", "/ws/typo"])
def test_unknown_paths_are_problems_never_the_page(web: Web, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        is_problem(web.request(method, path), 404)


@pytest.mark.parametrize("path", ["/api/portfolio/", "/api/portfolio/positions", "/api/trades/", "/health"])
def test_other_methods_are_405(web: Web, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = web.request(method, path)
        is_problem(answer, 405)
        assert "GET" in answer.headers["allow"]


def test_a_socket_without_an_upgrade(web: Web) -> None:
    is_problem(web.get("/ws"), 426)


def test_the_page_carries_the_badge_in_its_title(web: Web) -> None:
    answer = web.get("/")
    assert answer.status == 200
    assert "<title>MoneyTrailz · DEMO</title>" in answer.body.decode()


def test_head_has_no_body(web: Web) -> None:
    answer = web.request("HEAD", "/api/portfolio/")
    assert (answer.status, answer.body) == (200, b"")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/api/portfolio/", "/api/portfolio/positions", "/api/trades/", "/api/strategies/", "/health",
                          "/api/exports/trades.csv"]),
    query=st.dictionaries(st.sampled_from(["account", "limit", "before", "x"]) | texts, texts, max_size=3),
)  # fmt: skip
def test_no_query_makes_the_server_fail(web: Web, path: str, query: dict[str, str]) -> None:
    text = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in query.items())
    answer = web.get(f"{path}?{text}")
    assert answer.status in (200, 404, 422, 503), text
    if answer.status not in (200, 503):
        found = is_problem(answer, answer.status)
        for value in query.values():
            assert len(value) < 12 or value not in found["detail"]
    elif answer.headers["content-type"] == "application/json":
        json.loads(answer.body)
