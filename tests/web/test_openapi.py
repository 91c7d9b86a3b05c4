"""The OpenAPI document: whole, and true of what is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.web.server import Web

PATHS = {
    "/health",
    "/api/portfolio/",
    "/api/portfolio/positions",
    "/api/portfolio/summary",
    "/api/portfolio/health",
    "/api/trades/",
    "/api/trades/round-trips",
    "/api/trades/orders",
    "/api/trades/statistics",
    "/api/trades/premium",
    "/api/wheel/cycles",
    "/api/wheel/cycles/{cycle}/benchmarks",
    "/api/reconciliation/",
    "/api/cash-flows/",
    "/api/cash-flows/suspected",
    "/api/reconciliation/bridge/rows",
    "/api/trades/premium/rows",
    "/api/trades/statistics/rows",
    "/api/wheel/cycles/{cycle}/rows",
    "/api/reconciliation/bridge",
    "/api/today",
    "/api/assignments/",
    "/api/positions/{con_id}",
    "/api/portfolio/greeks",
    "/api/calendar/expiries",
    "/api/statements/uploads",
    "/api/statements/uploads/{upload}",
    "/api/trades/{id}/notes",
    "/api/trades/round-trips/{id}/cycle",
    "/api/trades/round-trips/{id}/notes",
    "/api/underlyings/{symbol}/notes",
    "/api/underlyings/{symbol}/payoff",
    "/api/strategies/",
    "/api/strategies/{bot}/{strategy}/pause",
    "/api/strategies/{bot}/{strategy}/resume",
    "/api/strategies/{bot}/{strategy}/stop",
    "/api/kill-switch",
    "/api/kill-switch/release",
    "/api/commands/{id}",
    "/api/strategies/compare",
    "/api/strategies/{bot}/{strategy}",
    "/api/decisions/",
    "/api/orders/{perm_id}/strategy",
    "/api/bots/{bot}/heartbeat",
    "/api/bots/{bot}/decisions",
    "/api/analytics/equity",
    "/api/analytics/positions/{con_id}",
    "/api/analytics/bars/{symbol}",
    "/api/analytics/indicators/{symbol}",
    "/api/preferences/{page}",
    "/api/exports/positions.csv",
    "/api/exports/trades.csv",
    "/api/exports/round_trips.csv",
    "/api/exports/cash_flows.csv",
    "/api/exports/snapshots.csv",
}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_whole(web: Web) -> None:
    document = web.get("/docs/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"]
    assert document["info"]["version"]
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]  # KeyError: it points nowhere
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"]
            assert {"200", "422", "503"} <= set(operation["responses"])
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == (
                    "path"
                    if f"{{{parameter['name']}}}" in path
                    else parameter["in"]
                    if parameter["in"] == "header"
                    else "query"
                )
                assert parameter["schema"]


def test_it_names_what_there_is(web: Web) -> None:
    document = web.get("/docs/openapi.json").json
    assert set(document["paths"]) == PATHS
    limit = next(p for p in document["paths"]["/api/trades/"]["get"]["parameters"] if p["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 1000)


def test_every_documented_operation_answers(web: Web) -> None:
    for path, item in web.get("/docs/openapi.json").json["paths"].items():
        if (
            "get" not in item
            or "{id}" in path
            or "{cycle}" in path
            or "{upload}" in path
            or "{strategy}" in path
            or path.endswith("/compare")
        ):  # what changes something, and what names it, have tests of their own
            continue
        asked = (
            "?currency=USD" if path.startswith("/api/trades/") and path.endswith("/rows") else ""
        )  # a total is of one currency
        answer = web.get(path.format(con_id=1, symbol="SPY", page="positions") + asked)
        assert answer.status == 200, path
        kinds = item["get"]["responses"]["200"]["content"]
        assert answer.headers["content-type"].split(";")[0] in kinds


def test_the_documentation_is_served(web: Web) -> None:
    for path in ("/docs/", "/docs/swagger", "/docs"):
        answer = web.get(path)
        assert answer.status in (200, 308), path
    assert b"openapi.json" in web.get("/docs/swagger").body
