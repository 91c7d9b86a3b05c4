"""How a page looks is kept for the one reader of the demo: bounded, validated, forgotten on demand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.server import Answer, Web

PAGE = "/api/preferences/positions"
LOOK: dict[str, Any] = {
    "columns": [{"id": "symbol", "width": 208, "is_hidden": False}, {"id": "gamma", "width": None, "is_hidden": True}],
    "sort": [{"id": "daily_pnl", "is_descending": True}],
    "filters": {"text": "KO ≥ 50 %", "dte": "7"},
    "folded": ["KO USD"],
}


def put(web: Web, value: Any, page: str = PAGE) -> Answer:
    body = value if isinstance(value, str) else json.dumps({"value": value})
    return web.request("PUT", page, {"Content-Type": "application/json"}, body)


def test_kept_replaced_and_forgotten(web: Web) -> None:
    assert web.get(PAGE).json == {"page": "positions", "value": None, "updated_at": None}
    kept = put(web, LOOK)
    assert kept.status == 200
    assert kept.json == web.get(PAGE).json
    assert kept.json["value"] == LOOK
    assert kept.headers["cache-control"] == "no-store"
    assert put(web, {"folded": ["SPY USD"]}).json["value"] == {
        "columns": [],
        "sort": [],
        "filters": {},
        "folded": ["SPY USD"],
    }
    assert web.get("/api/preferences/positions-phone").json["value"] is None
    assert put(web, None).json == {"page": "positions", "value": None, "updated_at": None}
    assert web.get(PAGE).json["value"] is None


@pytest.mark.parametrize(
    "value",
    [
        {"columns": [{"id": "x" * 41}]},
        {"columns": [{"id": "<script>"}]},
        {"columns": [{"id": "delta", "width": 100_000}]},
        {"columns": [{"id": f"c{n}"} for n in range(81)]},
        {"filters": {"text": "x" * 121}},
        {"filters": {f"f{n}": "" for n in range(21)}},
        {"folded": [str(n) for n in range(101)]},
        {"theme": "dark"},
        [],
        "{",
    ],
)
def test_what_is_not_a_look_is_refused(web: Web, value: Any) -> None:
    refused = put(web, value)
    assert refused.status == 422 or (value == "{" and refused.status == 400)
    assert set(refused.json) >= {"title", "detail", "status"}
    assert web.get(PAGE).json["value"] is None


def test_only_pages_that_there_are(web: Web) -> None:
    assert web.get("/api/preferences/anything").status == 422
    assert put(web, LOOK, "/api/preferences/anything").status == 422


def test_another_site_may_not(web: Web) -> None:
    answer = web.request(
        "PUT",
        PAGE,
        {"Content-Type": "application/json", "Origin": "https://elsewhere.example"},
        json.dumps({"value": LOOK}),
    )
    assert answer.status == 403
    assert web.get(PAGE).json["value"] is None
