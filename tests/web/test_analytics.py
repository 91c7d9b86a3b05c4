"""`/api/analytics/` over a real socket: answers as documented, bounds, errors as problems, conditions."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from dashboard.api import schemas
from data.db import make_engine
from data.model import Role
from data.reads import Reads
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

ANSWERS: dict[str, type[BaseModel]] = {
    "/api/analytics/equity": schemas.History,
    f"/api/analytics/equity?account={ACCOUNT}&resolution=1d&from=2020-01-01&points=10": schemas.History,
    "/api/analytics/positions/1": schemas.PositionHistory,
    "/api/analytics/bars/SPY": schemas.Bars,
    "/api/analytics/bars/spy?resolution=1h&from=2026-01-05T14:30:00Z": schemas.Bars,
    "/api/analytics/indicators/SPY?points=50": schemas.Indicators,
}


@pytest.mark.parametrize("path", ANSWERS)
def test_answers_are_as_documented(web: Web, write: Writer, path: str) -> None:
    now = samples.now()
    for minute in range(5):
        write.sample(now - timedelta(minutes=minute), 1000.0 + minute)
    answer = web.get(path)
    assert answer.status == 200, answer.body
    shown = ANSWERS[path].model_validate_json(answer.body, strict=True)
    assert set(answer.json) == set(type(shown).model_fields)


def test_the_answer_is_the_read_models(web: Web, write: Writer, url: str) -> None:
    write.sample(samples.now() - timedelta(minutes=1), 1000.0)
    engine = make_engine(url, Role.WEB, "test")
    expected = Reads(engine, url).history.equity(ACCOUNT)
    engine.dispose()
    answer = web.get("/api/analytics/equity")
    assert answer.json["items"] == expected["items"] != []
    again = web.get("/api/analytics/equity", {"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("from=2026-02-02&to=2026-02-01", "to must be after from"),
        ("from=2026-02-02T10:00:00Z&to=2026-02-02T10:00:00Z", "to must be after from"),
        ("from=yesterday", "trading days"),
        ("from=2026-02-30", "trading days"),
        ("to=2026-02-02T10:00:00", "zone"),
        ("from=0001-01-01", "1970"),
        ("to=9999-12-31T23:59:59-12:00", "1970"),
        ("from=", "trading days"),
        ("points=9", "points"),
        ("points=5001", "points"),
        ("points=x", "points"),
        ("resolution=5m", "resolution"),
        ("resolution=", "resolution"),
        ("until=2026-02-02", "isn't known"),
    ],
)
@pytest.mark.parametrize("route", ["equity", "positions/1", "bars/SPY", "indicators/SPY"])
def test_a_bad_range_is_a_problem(web: Web, route: str, query: str, word: str) -> None:
    answer = web.get(f"/api/analytics/{route}?{query}")
    assert answer.status == 422, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json["detail"]


@pytest.mark.parametrize(
    "path", ["equity?account=DU0", "positions/99", "positions/x", "bars/NOPE", "indicators/NOPE", "bars/"]
)
def test_what_is_unknown_is_404(web: Web, path: str) -> None:
    answer: Any = web.get(f"/api/analytics/{path}")
    assert answer.status == 404, answer.body
    assert answer.json["detail"].endswith(".")


def test_a_span_without_anything_is_empty(web: Web) -> None:
    for path in ("equity?from=1990-01-01&to=1990-02-01", "equity?from=2199-12-31", "equity?to=1970-01-01", "bars/SPY?from=1970-01-01&to=2199-12-31"):  # fmt: skip
        answer = web.get(f"/api/analytics/{path}")
        assert (answer.status, answer.json["items"]) == (200, []), path


ODD: dict[str, list[str]] = {
    "from": ["", "x", "0001-01-01", "1970-01-01", "1970-01-01T00:00:00+14:00", "2026-11-21", "2026-11-20T14:30:00.000001Z",
             "2026-03-08T02:30:00-05:00", "2026-11-20T10:00:00", "2026-W01-1", "\0", "٢٠٢٦-٠١-٠٥"],
    "to": ["1970-01-01", "2026-11-22", "2026-11-20T14:30Z", "2199-12-31T23:59:59.999999Z", "2199-12-31", "9999-12-31", "\0"],
    "points": ["0", "1", "10", "11", "5000", "9" * 20, "-1", "1e3", "٣٠٠", "10.0", " 20", ""],
    "resolution": ["auto", "1m", "1h", "1d", "2h", "\0"],
    "frame": ["1D", "1W", "1M", "3M", "YTD", "1Y", "All", "", "1d"],
    "account": [ACCOUNT, "", "\0", f"{ACCOUNT}\0", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 65],
}  # fmt: skip
ROUTES = ("equity", "positions/1", f"positions/{2**63 - 1}", f"positions/{2**63}", "positions/-1", "bars/SPY", "bars/%20spy%20",
          "bars/%00", "bars/%ff", "bars/%ED%A0%80", "bars/..%2f", "indicators/SPY", "indicators/" + "x" * 41)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_odd_questions_are_answered_or_refused(web: Web, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(60):
        chosen = {name: dice.choice(values) for name, values in ODD.items() if dice.random() < 0.35}
        path = f"{dice.choice(ROUTES)}?{'&'.join(f'{name}={quote(value)}' for name, value in chosen.items())}"
        answer = web.get(f"/api/analytics/{path}")
        assert answer.status in (200, 404, 422), (path, answer.body)
        assert isinstance(answer.json, dict), path
        assert len(answer.body) <= 100_000, path
