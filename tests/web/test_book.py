"""Round trips and wheel cycles over REST, and the win rate on its card: as the agent folded them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from dashboard.api import book_schemas
from data.book.keeping import Keeper
from data.book_reads import PORTFOLIO_MARGIN
from data.db import connect, make_engine
from data.model import Contract, DividendOutlook, ExecutionKind, Role
from data.reads import Reads
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
KO = Contract(71, "KO", "KO", "STK", "USD")
SPY = samples.stock()
P60, P55, C57 = (
    Contract(con_id, "KO", f"KO 260220{right}{strike:.0f}", "OPT", "USD", "KO", "SMART", START.date() + timedelta(days=46), strike, right, 100.0)
    for con_id, strike, right in ((72, 60.0, "P"), (73, 55.0, "P"), (74, 57.0, "C"))
)  # fmt: skip
# Sold, rolled, assigned, a call written on the shares: 149 − 81 + 99 + 119 of premium after fees.
FILLS: tuple[tuple[int, Contract, str, int, str, int | None], ...] = (
    (0, P60, "SLD", 1, "1.50", 1),
    (10, P60, "BOT", 1, "0.80", 2),
    (10, P55, "SLD", 1, "1.00", 2),
    (25, P55, "BOT", 1, "0", None),
    (25, KO, "BOT", 100, "55", None),
    (28, C57, "SLD", 1, "1.20", 3),
)


CLOSES = {date(2026, 1, 5): 61.0, date(2026, 1, 15): 56.0, date(2026, 1, 30): 55.5, date(2026, 2, 3): 56.0}


@pytest.fixture(scope="module")
def agent(url: str, write: Writer) -> Iterator[psycopg.Connection[Any]]:
    write.store.write_bars(KO, [samples.close(KO, day, close) for day, close in CLOSES.items()], None)
    write.store.write_bars(SPY, [samples.close(SPY, day, 10 * close) for day, close in CLOSES.items()][1:], None)
    write.flush(
        executions=tuple(
            samples.execution(
                number, contract, time=START + timedelta(days=day), side=side, quantity=Decimal(quantity), price=Decimal(price),
                kind=ExecutionKind.TRADE if order else ExecutionKind.ASSIGNMENT, perm_id=order, order_id=None,
                commission=Decimal(1) if order else None, commission_currency="USD" if order else None,
            )
            for number, (day, contract, side, quantity, price, order) in enumerate(FILLS)
        ),
        positions=(
            samples.position(KO, quantity=100.0, market_price=56.0, avg_cost=54.02),
            samples.position(C57, quantity=-1.0, market_price=0.9),
        ),
    )  # fmt: skip
    with connect(url, Role.AGENT, "test", autocommit=True) as conn:
        Keeper(conn).look()
        yield conn


def test_round_trips(web: Web, agent: psycopg.Connection[Any]) -> None:
    answer = web.get("/api/trades/round-trips?symbol=KO")
    assert answer.status == 200
    shown = book_schemas.RoundTrips.model_validate_json(answer.body, strict=True)
    (revision,) = agent.execute("SELECT revision FROM revisions WHERE topic = 'trades'").fetchone() or (None,)
    assert shown.revision == revision
    call, shares, rolled, first = shown.items
    assert (first.net, first.base, first.total_return, first.holding_s) == (68, 5850, pytest.approx(68 / 5850), 864_000)
    assert (rolled.net, rolled.broker_net, rolled.ended_by) == (99, 0, "assignment")
    assert (shares.side, shares.quantity, shares.open_price, shares.closed, shares.total_return) == (
        "long",
        100,
        55,
        None,
        None,
    )
    assert first.chain == rolled.chain != call.chain
    assert first.cycle == rolled.cycle == shares.cycle == call.cycle


def test_filters_and_pages(web: Web, agent: psycopg.Connection[Any]) -> None:
    def ids(query: str) -> list[int]:
        return [trip["con_id"] for trip in web.get(f"/api/trades/round-trips?{query}").json["items"]]

    assert ids("symbol=KO&state=open") == [74, 71]
    assert ids("symbol=KO&state=closed") == [73, 72]
    assert ids("symbol=XYZ") == ids("strategy=a/b") == []
    page = web.get("/api/trades/round-trips?symbol=KO&limit=3").json
    rest = web.get(f"/api/trades/round-trips?symbol=KO&limit=3&before={page['next_before']}").json
    assert [trip["con_id"] for trip in [*page["items"], *rest["items"]]] == [74, 71, 73, 72]
    assert rest["next_before"] is None
    cycle = page["items"][0]["cycle"]
    assert sorted(ids(f"cycle={cycle}")) == [71, 72, 73, 74]
    assert web.get("/api/trades/round-trips?before=x").status == web.get("/api/wheel/cycles?limit=0").status == 422
    assert web.get("/api/wheel/cycles?account=XX").status == 404


def test_a_wheel_cycle(web: Web, agent: psycopg.Connection[Any]) -> None:
    answer = web.get("/api/wheel/cycles?symbol=KO")
    assert answer.status == 200
    (cycle,) = book_schemas.Cycles.model_validate_json(answer.body, strict=True).items
    assert (cycle.stage, cycle.trips, cycle.rolls, cycle.premium, cycle.fees) == ("covered", 4, 1, 290, 4)
    assert (cycle.paid, cycle.broker_basis, cycle.break_even) == (55, 54.01, 52.14)
    assert (cycle.broker_average, cycle.broker_has_premium) == (54.02, True)
    assert cycle.cash == 149 - 81 + 99 - 5500 + 119
    assert cycle.pnl == pytest.approx(cycle.cash + 5600 - 90)
    elapsed = (datetime.now(UTC) - START) / timedelta(days=1)
    average = ((6000 - 150) * 10 + (5500 - 100) * 15 + 5500 * (elapsed - 25)) / elapsed
    assert cycle.secured.average == pytest.approx(average, rel=1e-4)
    assert cycle.secured.annualised == pytest.approx(cycle.pnl * 365 / elapsed / average, rel=1e-4)
    # The premium and 20 % of the underlying less what the put is out of the money; half of the shares.
    on_margin = ((20 * 61 - 100 + 150) * 10 + (20 * 56 - 100 + 100) * 15 + 2750 * (elapsed - 25)) / elapsed
    assert cycle.reg_t.average == pytest.approx(on_margin, rel=1e-4)
    assert cycle.reg_t.reason is cycle.secured.reason is None
    assert web.get("/api/wheel/cycles?symbol=KO&state=closed").json["items"] == []


def test_a_cycle_against_its_stock_and_the_benchmark(web: Web, write: Writer, agent: psycopg.Connection[Any]) -> None:
    (cycle,) = web.get("/api/wheel/cycles?symbol=KO").json["items"]
    path = f"/api/wheel/cycles/{cycle['cycle']}/benchmarks"
    answer = web.get(path)
    assert answer.status == 200
    found = book_schemas.CycleBenchmarks.model_validate_json(answer.body, strict=True)
    # A put at 60, rolled down to 55, then the shares at what was paid for them.
    assert [(c.day, c.amount) for c in found.contributions] == [("2026-01-05", 5850), ("2026-01-15", -450), ("2026-01-30", 100)]  # fmt: skip
    stock, spy = found.items
    assert (found.pnl, stock.symbol, stock.until, spy.symbol) == (cycle["pnl"], "KO", "2026-02-03", "SPY")
    units = 5850 / 61 - 450 / 56 + 100 / 55.5
    assert (stock.pnl, stock.at_least) == (None, pytest.approx(units * 56 - 5500, abs=0.005))
    assert "No dividend of KO" in (stock.reason or "")
    assert (spy.pnl, spy.at_least) == (None, None)
    assert "SPY of 2026-01-05 is not stored" in (spy.reason or "")
    # The broker says that it paid nothing for a year: all that there was is known.
    write.flush(dividends=(DividendOutlook("KO", "USD", datetime(2026, 2, 4, tzinfo=UTC), 0.0),))
    stock = book_schemas.CycleBenchmarks.model_validate_json(web.get(path).body, strict=True).items[0]
    assert (stock.pnl, stock.at_least, stock.reason) == (pytest.approx(units * 56 - 5500, abs=0.005), None, None)
    assert web.get("/api/wheel/cycles/none/benchmarks").status == 404


def test_portfolio_margin_leaves_the_estimate_out(url: str, agent: psycopg.Connection[Any]) -> None:
    engine = make_engine(url, Role.WEB, "test")
    (cycle,) = Reads(engine, url, has_portfolio_margin=True).cycles(ACCOUNT, "KO")["items"]
    assert cycle["secured"]["average"]
    why = cycle["reg_t"].pop("reason")
    assert (set(cycle["reg_t"].values()), why) == ({None}, PORTFOLIO_MARGIN)
    engine.dispose()


def test_the_card_counts_roll_chains(url: str, agent: psycopg.Connection[Any]) -> None:
    """The chain that was assigned is closed and won; the call is open."""
    engine = make_engine(url, Role.WEB, "test")
    reads = Reads(engine, url)
    (card,) = [item for item in reads.summary(ACCOUNT)["items"] if item["key"] == "win_rate"]
    assert (card["value"], card["as_of"]) == (100, "2026-01-30T15:00:00.000Z")
    assert "roll chain" in card["rule"]
    engine.dispose()


@pytest.mark.parametrize(("what", "index"), [("underlyings", 0), ("trades/round-trips", 1), ("trades", 2)])
def test_what_a_note_leaves_out_is_no_win(
    web: Web, url: str, agent: psycopg.Connection[Any], what: str, index: int
) -> None:
    """One round trip, one execution or the underlying leaves out the whole chain."""
    (trip,) = [item for item in web.get("/api/trades/round-trips?symbol=KO").json["items"] if item["con_id"] == 72]
    found = agent.execute(
        "SELECT id FROM executions WHERE effective AND base_exec_id = ANY (%s) LIMIT 1", [trip["executions"]]
    ).fetchone()
    assert found
    path = f"/api/{what}/{('KO', trip['id'], found[0])[index]}/notes"
    engine = make_engine(url, Role.WEB, "test")

    def win_rate() -> float | None:
        return next(i for i in Reads(engine, url).summary(ACCOUNT)["items"] if i["key"] == "win_rate")["value"]

    def leave_out(excluded: bool) -> None:
        version = web.get(path).json["version"]
        body = json.dumps({"excluded": excluded, "version": version})
        assert web.request("PUT", path, {"Content-Type": "application/json"}, body).status == 200

    leave_out(True)
    try:
        assert win_rate() is None
    finally:
        leave_out(False)
    assert win_rate() == 100
    engine.dispose()


def test_examples_are_answers() -> None:
    for model in (book_schemas.RoundTrips, book_schemas.Cycles, book_schemas.CycleBenchmarks):
        (example,) = model.model_json_schema()["examples"]
        model.model_validate(example, strict=True)
