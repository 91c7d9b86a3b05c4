"""The rows behind totals: whatever is summed up, its rows add up to it to the last cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from dashboard.api import made_of_schemas as schemas
from data.book.keeping import Keeper
from data.db import connect
from data.model import Contract, ExecutionKind, Role
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
LINES = {"symbol": "by_symbol", "strategy": "by_strategy", "dte": "by_dte", "weekday": "by_weekday"}


def contract(number: int, symbol: str, right: str | None = "P") -> Contract:
    if right is None:
        return Contract(number, symbol, symbol, "STK", "USD")
    expiry = date(2026, 1, 16) + timedelta(days=7 * (number % 9))
    return Contract(
        number, symbol, f"{symbol} {right}{number}", "OPT", "USD", symbol, "SMART", expiry, 50.0, right, 100.0
    )


@pytest.fixture(scope="module")
def told(url: str, write: Writer) -> Iterator[psycopg.Connection[Any]]:
    """Short puts bought back, expired, rolled and open, over three months; one of each symbol is assigned, with a dividend after."""
    number, made = 0, []

    def fill(terms: Contract, side: str, day: int, price: str, quantity: int = 1, **values: Any) -> None:
        nonlocal number
        number += 1
        made.append(
            samples.execution(
                number, terms, time=START + timedelta(days=day, minutes=number), side=side, quantity=Decimal(quantity), price=Decimal(price),
                perm_id=number, commission=Decimal("1.05"), commission_currency="USD", **values,
            )
        )  # fmt: skip

    for n in range(12):
        symbol = ("KO", "F")[n % 2]
        put = contract(300 + n, symbol)
        fill(put, "SLD", n * 5, f"{1 + n * 0.17:.2f}", 2)
        if n % 3 == 0:
            fill(put, "BOT", n * 5 + 3, f"{0.31 + n * 0.4:.2f}", 2)
        elif n % 3 == 1:
            fill(put, "BOT", n * 5 + 9, "0", 2, kind=ExecutionKind.EXPIRY)
    assigned, shares = contract(400, "KO"), contract(1, "KO", None)
    fill(assigned, "SLD", 2, "0.83")
    fill(assigned, "BOT", 11, "0", kind=ExecutionKind.ASSIGNMENT)
    fill(shares, "BOT", 11, "50", 100, kind=ExecutionKind.ASSIGNMENT)
    fill(contract(401, "KO", "C"), "SLD", 14, "0.41")
    write.flush(executions=tuple(made))
    with connect(url, Role.IMPORTER, "test", autocommit=True) as conn:
        for name, kind, amount, day in (
            ("d", "dividend", "48.53", 20),
            ("t", "tax", "-7.28", 20),
            ("e", "dividend", "11", 5),
        ):
            conn.execute(
                "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, description, source)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'USD', %s, 'KO(US1912161007) CASH DIVIDEND', 'statement')",
                [ACCOUNT, name, START + timedelta(days=day), START.date() + timedelta(days=day), kind, amount, amount],
            )  # fmt: skip
        with connect(url, Role.AGENT, "test", autocommit=True) as agent:
            Keeper(agent).look()
        yield conn


def cents(*amounts: float | None) -> Decimal:
    return sum((Decimal(repr(amount)) for amount in amounts if amount is not None), Decimal(0))


@pytest.mark.parametrize("unit", ["contract", "chain", "cycle"])
def test_behind_every_figure_of_the_statistics(web: Web, told: psycopg.Connection[Any], unit: str) -> None:
    assert told
    for wanted in ({}, {"symbol": "KO"}, {"from": "2026-01-12", "to": "2026-02-11"}):
        view = web.get(f"/api/trades/statistics?{urlencode({'unit': unit, **wanted})}").json
        lines = [("all", one) for one in view["total"]] + [
            (part, one) for part, name in LINES.items() for one in view[name]
        ]
        assert len(lines) >= 5
        for part, one in lines:
            asked = {"unit": unit, "part": part, "name": one["name"], "currency": one["currency"], **wanted}
            answer = web.get(f"/api/trades/statistics/rows?{urlencode(asked)}")
            found = schemas.ResultRows.model_validate_json(answer.body, strict=True)
            assert cents(*(row.net for row in found.items)) == cents(found.total.net) == cents(one["net"])
            assert found.total.wins == one["wins"] == sum((row.net or 0) > 0 for row in found.items)
            assert (found.total.count, found.rows) == (one["count"], one["count"] + one["unknown"])


@pytest.mark.parametrize("view", ["open", "close", "accrued"])
@pytest.mark.parametrize("step", ["month", "day"])
def test_behind_every_sum_of_premium(web: Web, told: psycopg.Connection[Any], view: str, step: str) -> None:
    assert told
    for wanted in ({}, {"symbol": "F", "from": "2026-01-14", "to": "2026-02-11"}):
        income = web.get(f"/api/trades/premium?{urlencode({'view': view, 'step': step, **wanted})}").json["items"]
        assert income
        for one in income[:: 1 if step == "month" else 9]:
            asked = {"view": view, "step": step, "day": one["day"], "currency": one["currency"], **wanted}
            found = schemas.PremiumRows.model_validate_json(
                web.get(f"/api/trades/premium/rows?{urlencode(asked)}").body, strict=True
            )
            for name in ("premium", "buy_backs", "net", "fees"):
                listed = cents(*(getattr(row, name) for row in found.items))
                # An accrued share of a day is a fraction of a cent: the sum is exact, a row is a binary number.
                assert abs(listed - cents(getattr(found.total, name))) < Decimal("1e-9"), name
                assert getattr(found.total, name) == one[name]


def test_behind_a_wheel_cycle(web: Web, told: psycopg.Connection[Any]) -> None:
    assert told
    cycles = web.get("/api/wheel/cycles?limit=100").json["items"]
    assert any(cycle["dividends"] for cycle in cycles)
    for cycle in cycles:
        answer = web.get(f"/api/wheel/cycles/{cycle['cycle']}/rows")
        found = schemas.CycleRows.model_validate_json(answer.body, strict=True)
        for name in ("premium", "fees", "dividends"):
            listed = cents(*(getattr(row, name) for row in found.items))
            assert listed == cents(getattr(found.total, name)) == cents(cycle[name]), name
    unknown = web.get("/api/wheel/cycles/nothing/rows")
    assert (unknown.status, unknown.json["detail"]) == (
        404,
        "There is no such wheel cycle; GET /api/wheel/cycles lists them.",
    )
    assert web.get("/api/trades/premium/rows").status == 422
    assert web.get("/api/trades/premium/rows?currency=USD").json["rows"] == 0  # of the current trading day's month


def test_behind_the_bridge(web: Web, told: psycopg.Connection[Any], url: str) -> None:
    """Its steps to the broker's total P&L: what was closed earlier, premium that moved into shares, dividends."""
    assert told
    with psycopg.connect(url) as conn:
        conn.execute(
            "UPDATE accounts SET base_currency = 'USD', baseline_net_liquidation = 100000, baseline_at = '2025-12-31Z'"
        )
        conn.execute("UPDATE portfolio_latest SET unrealized_pnl = 1, realized_pnl = 2")
    steps = {step["cause"]: step["amount"] for step in web.get("/api/reconciliation/bridge").json["steps"]}
    for cause in ("earlier", "premium", "income"):
        found = web.get(f"/api/reconciliation/bridge/rows?cause={cause}").json
        assert (
            cents(*(row["amount"] for row in found["items"])) == cents(found["total"]["amount"]) == cents(steps[cause])
        ), cause
        assert found["rows"] == len(found["items"]) > 0
