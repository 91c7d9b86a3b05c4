"""The decision ledger and the comparison, from the database and by REST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboard.api import strategy_schemas
from data.analytics.comparison import compare
from data.commands import UnknownStrategyError
from data.cursor import BadCursor
from data.db import connect, literal
from data.model import ExecutionKind, Order, Role
from data.queries import statement
from data.reads import Reads
from data.strategy_ledger import BadComparison, slippage
from tests.figures.conftest import Conn
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Answer, Web, running, wait_until

NOON = samples.now().replace(microsecond=0) - timedelta(hours=3)


def decide(conn: Conn, key: str, kind: str, ago: timedelta, **values: Any) -> None:
    row: dict[str, Any] = {
        "strategy": "tg/wheel",
        "symbol": "SPY",
        "bid": None,
        "ask": None,
        "perm_id": None,
        "action": None,
    }
    row |= {"quantity": None, "limit_price": None, "contract": None, "reason": None} | values
    conn.execute(
        "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, symbol, contract, action, quantity, limit_price,"
        " bid, ask, perm_id, reason) VALUES ('tg', %(key)s, %(account)s, %(strategy)s, %(ts)s, %(kind)s, %(symbol)s,"
        " %(contract)s, %(action)s, %(quantity)s, %(limit_price)s, %(bid)s, %(ask)s, %(perm_id)s, %(reason)s)",
        row | {"key": key, "account": ACCOUNT, "ts": NOON - ago, "kind": kind},
    )


def order(perm_id: int, ago: timedelta, **values: Any) -> Order:
    facts: dict[str, Any] = {"client_id": 1, "order_id": perm_id, "limit_price": 2.3, "status": "Filled"} | values
    return Order(ACCOUNT, perm_id, NOON - ago, samples.put(), "SELL", "LMT", Decimal(1), **facts)


@pytest.fixture
def decided(agent: Conn, write: Writer) -> None:
    """From the newest: a skipped roll, an order that was filled in two parts, one that was rejected, an orphan."""
    minute = timedelta(minutes=1)
    decide(agent, "1", "skip", 1 * minute, contract="SPY 500P", reason="did not roll SPY 500P: no credit above minimum")
    decide(
        agent, "2", "intent", 2 * minute, action="SELL", quantity=2, limit_price=2.35, bid=2.3, ask=2.5, perm_id=21,
        contract="SPY 500P", reason="delta 0.29",
    )  # fmt: skip
    decide(
        agent,
        "3",
        "rejection",
        3 * minute,
        action="SELL",
        quantity=1,
        reason="margin",
        strategy="tg/tail_hedge",
        symbol="KO",
    )
    write.flush(
        orders=(order(21, 2 * minute), order(22, 4 * minute, status="Cancelled"), order(23, 5 * minute, client_id=99)),
        executions=tuple(
            samples.execution(
                n, perm_id=21, price=price, time=NOON - minute, commission=Decimal("1.05"), commission_currency="USD"
            )
            for n, price in ((1, Decimal("2.30")), (2, Decimal("2.34")))
        ),
    )


def test_the_ledger_tells_decision_order_and_fill(decided: None, reads: Reads) -> None:
    found = reads.decisions(ACCOUNT)
    assert [item["kind"] for item in found["items"]] == ["skip", "intent", "rejection", "orphan"]
    skip, intent, rejection, orphan = found["items"]
    assert skip["reason"] == "did not roll SPY 500P: no credit above minimum"
    assert (skip["order_status"], skip["fill_price"], skip["slippage"]) == (None, None, None)
    assert (intent["order_status"], intent["filled"], intent["commission"]) == ("Filled", 2.0, 2.1)
    assert intent["fill_price"] == pytest.approx(2.32)
    assert (intent["mid"], intent["slippage"]) == (pytest.approx(2.4), pytest.approx(0.08))  # sold lower: worse
    assert (rejection["strategy"], rejection["reason"]) == ("tg/tail_hedge", "margin")
    assert (orphan["perm_id"], orphan["order_status"], orphan["bot"]) == (22, "Cancelled", "tg")
    assert found["next_before"] is None
    assert found["not_recorded"] == ["demo"]


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({"strategy": "tg/tail_hedge"}, ["rejection"]),
        ({"symbol": "SPY"}, ["skip", "intent", "orphan"]),
        ({"kind": "orphan"}, ["orphan"]),
        ({"kind": "skip"}, ["skip"]),
        ({"strategy": "demo/hedge"}, []),
    ],
)
def test_the_ledger_is_filtered(decided: None, reads: Reads, wanted: dict[str, Any], kinds: list[str]) -> None:
    assert [item["kind"] for item in reads.decisions(ACCOUNT, **wanted)["items"]] == kinds


def test_pages_join_without_gap_or_repetition(agent: Conn, write: Writer, reads: Reads) -> None:
    """Decisions and orphans of the same instants, in pages of every size."""
    for n in range(12):
        decide(agent, str(n), "skip", timedelta(minutes=n // 3))
    write.flush(orders=tuple(order(100 + n, timedelta(minutes=n // 2)) for n in range(9)))
    whole = reads.decisions(ACCOUNT, limit=500)["items"]
    assert len({item["id"] for item in whole}) == 21
    assert [item["time"] for item in whole] == sorted((item["time"] for item in whole), reverse=True)
    for size in (1, 2, 5, 20, 21):
        found, before = [], None
        while True:
            page = reads.decisions(ACCOUNT, limit=size, before=before)
            found += page["items"]
            before = page["next_before"]
            if before is None:
                break
        assert [item["id"] for item in found] == [item["id"] for item in whole], size


def test_of_a_combination_its_own_line_tells_the_price(agent: Conn, write: Writer, reads: Reads) -> None:
    decide(agent, "1", "intent", timedelta(0), action="BUY", bid=-1.1, ask=-0.9, perm_id=5)
    bag = Order(ACCOUNT, 5, NOON, samples.put(0, "SPY"), "BUY", "LMT", Decimal(1), "Filled", client_id=1)
    bag = Order(
        **{f: getattr(bag, f) for f in bag.__slots__} | {"contract": type(bag.contract)(0, "SPY", "SPY", "BAG", "USD")}
    )
    write.flush(
        orders=(bag,),
        executions=(
            samples.execution(1, perm_id=5, kind=ExecutionKind.COMBO, side="BOT", price=Decimal("-0.95")),
            samples.execution(2, perm_id=5, side="BOT", price=Decimal("1.00")),
            samples.execution(3, samples.put(8), perm_id=5, side="SLD", price=Decimal("1.95")),
        ),
    )
    (item,) = reads.decisions(ACCOUNT)["items"]
    assert (item["filled"], item["fill_price"], item["slippage"]) == (1.0, -0.95, pytest.approx(0.05))


def test_slippage_is_positive_where_it_is_worse() -> None:
    assert slippage("BUY", 2.5, 2.4) == pytest.approx(0.1)
    assert slippage("SELL", 2.5, 2.4) == pytest.approx(-0.1)
    assert slippage("BUY", None, 2.4) is None
    assert slippage("BUY", 2.4, None) is None


def test_a_foreign_cursor_is_refused(agent: Conn, reads: Reads) -> None:
    del agent
    with pytest.raises(BadCursor):
        reads.decisions(before="?")


def closes(conn: Conn, strategy: str, totals: list[float], at_risk: float = 1_000.0) -> None:
    """A close a trading day, the last ones before now."""
    days = conn.execute(
        "SELECT closes, session_date FROM market_sessions WHERE closes < now() ORDER BY closes DESC LIMIT %s",
        [len(totals)],
    ).fetchall()
    rows = [
        {
            "account": ACCOUNT, "strategy": strategy, "ts": (closed - timedelta(seconds=1)).isoformat(),
            "as_of": closed.isoformat(), "session_date": day.isoformat(), "currency": "USD", "pnl_total": total,
            "pnl_day": None, "premium": 10.0 * n, "fees": 1.0 * n, "capital_at_risk": at_risk, "exposure": None,
            "trades": n, "closed": 2 * n, "wins": n, "positions": 1,
        }
        for n, (total, (closed, day)) in enumerate(zip(totals, reversed(days), strict=True))
    ]  # fmt: skip
    conn.execute(literal(statement("strategy_samples")), {"rows": json.dumps(rows)})


def test_strategies_side_by_side(agent: Conn, reads: Reads) -> None:
    closes(agent, "tg/wheel", [0.0, 10.0, 5.0, 25.0])
    closes(agent, "demo/hedge", [50.0, 40.0, 45.0, 25.0], at_risk=500.0)
    view = reads.compare(["tg/wheel", "demo/hedge"], account=ACCOUNT)
    wheel, hedge = view["items"]
    assert (view["base"], view["days"], view["problem"]) == ("mean capital at risk", 3, None)
    assert (wheel["base"], wheel["pnl"], wheel["return_pct"]) == (1_000.0, 25.0, pytest.approx(2.5))
    assert (hedge["return_pct"], hedge["max_drawdown_pct"]) == (pytest.approx(-5.0), pytest.approx(-5.0))
    assert (wheel["premium"], wheel["fees"], wheel["trades"], wheel["win_rate"]) == (30.0, 3.0, 3, 50.0)
    assert view["correlation"][0][0] == pytest.approx(1.0)
    assert view["correlation"][0][1] == view["correlation"][1][0] == pytest.approx(-1.0)
    assert [point["return_pct"] for point in wheel["points"]] == pytest.approx([0.0, 1.0, 0.5, 2.5])
    assert wheel["sharpe"] is not None
    since = view["items"][0]["points"][1]["session_date"]
    later = reads.compare(["tg/wheel", "demo/hedge"], since=datetime.fromisoformat(since).date(), account=ACCOUNT)
    assert (later["since"], later["days"], later["items"][0]["pnl"]) == (since, 2, 15.0)


def test_a_return_is_of_the_allocated_capital_where_hardly_any_is_at_risk(agent: Conn, reads: Reads) -> None:
    closes(agent, "tg/wheel", [0.0, 10.0, 5.0, 25.0])
    closes(agent, "demo/hedge", [50.0, 40.0, 45.0, 25.0], at_risk=9.0)
    agent.execute("UPDATE strategies SET allocation = 0.01")
    worth = reads.portfolio(ACCOUNT)["net_liquidation"]
    assert worth is not None
    wheel, hedge = reads.compare(["tg/wheel", "demo/hedge"], account=ACCOUNT)["items"]
    assert (wheel["base"], wheel["base_name"]) == (1_000.0, "mean capital at risk")
    assert (hedge["base"], hedge["base_name"]) == (pytest.approx(0.01 * worth), "allocated capital")
    assert hedge["return_pct"] == pytest.approx(-100 * 25 / (0.01 * worth))


def test_what_cannot_be_compared(agent: Conn, reads: Reads) -> None:
    closes(agent, "tg/wheel", [0.0, 10.0])
    for names in (["tg/wheel"], ["tg/wheel", "tg/wheel"], [f"x/{n}" for n in range(5)]):
        with pytest.raises(BadComparison):
            reads.compare(names)
    with pytest.raises(UnknownStrategyError, match="tg/wheel"):
        reads.compare(["tg/wheel", "tg/unheard-of"])
    view = reads.compare(["tg/wheel", "demo/hedge"])
    assert view["problem"] is not None
    assert view["items"][0]["sharpe"] is None
    assert compare({}, []).reason is not None


@pytest.fixture
def web(url18: str, decided: None, agent: Conn, tmp_path: Path) -> Iterator[Web]:
    del decided
    closes(agent, "tg/wheel", [0.0, 10.0, 5.0])
    closes(agent, "demo/hedge", [1.0, 2.0, 4.0])
    with running(url18, tmp_path) as found:
        wait_until(lambda: found.get("/api/strategies/").status == 200, "the web process answers")
        yield found


def post(web: Web, path: str, body: dict[str, Any]) -> Answer:
    return web.request("POST", path, {"Content-Type": "application/json"}, json.dumps(body))


def test_by_rest(web: Web, agent: Conn, url18: str) -> None:
    """Every answer as documented, every refusal a problem with a sentence."""
    names = "names=tg/wheel,demo/hedge"
    for path, model in (
        ("/api/decisions/", strategy_schemas.Decisions),
        ("/api/decisions/?kind=orphan&limit=1", strategy_schemas.Decisions),
        ("/api/strategies/tg/wheel", strategy_schemas.StrategyDetail),
        (f"/api/strategies/compare?{names}", strategy_schemas.Comparison),
        (f"/api/strategies/compare?{names}&from=2020-01-01&to=2099-01-01", strategy_schemas.Comparison),
    ):
        answer = web.get(path)
        assert answer.status == 200, (path, answer.body)
        model.model_validate_json(answer.body, strict=True)
    assert len(web.get("/api/strategies/tg/wheel").json["history"]) == 3
    for path, status in (
        ("/api/strategies/tg/unheard-of", 404),
        ("/api/strategies/compare?names=tg/wheel", 422),
        ("/api/strategies/compare?names=tg/wheel,x/y", 404),
        (f"/api/strategies/compare?{names}&from=2026-02-31", 422),
        (f"/api/strategies/compare?{names}&from=2026-02-02&to=2026-02-01", 422),
        ("/api/decisions/?kind=nonsense", 422),
        ("/api/decisions/?limit=501", 422),
        ("/api/decisions/?before=nonsense", 422),
        ("/api/decisions/?account=nobody", 404),
    ):
        answer = web.get(path)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), path
    said = post(web, "/api/orders/22/strategy", {"strategy": "demo/hedge"})
    assert said.status == 200, said.body
    strategy_schemas.Assigned.model_validate_json(said.body, strict=True)
    assert (said.json["is_new"], said.json["strategy"]) == (True, "demo/hedge")
    assert post(web, "/api/orders/22/strategy", {"strategy": "x/y"}).status == 404
    assert post(web, "/api/orders/99999/strategy", {"strategy": None}).status == 404
    assert post(web, "/api/orders/22/strategy", {}).status == 422
    assert agent.execute("SELECT strategy, how FROM attributions").fetchall() == [("demo/hedge", "hand")]
    with connect(url18, Role.WEB, "test") as conn:
        assert conn.execute("SELECT kind FROM audit_events").fetchall() == [("order.reassigned",)]
