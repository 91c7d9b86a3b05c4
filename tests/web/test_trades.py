"""Trades over REST: one filter for lists, blocks and files, every order by pages and by offset, statistics and premium."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.api import book_schemas, schemas, trade_schemas
from data.book.book import Book
from data.book.keeping import Keeper
from data.book.orders import orders
from data.book.premium import sales
from data.book.sources import Fill, Terms
from data.db import connect, make_engine
from data.model import Contract, Execution, ExecutionKind, Role
from data.reads import Reads
from data.trade_filter import EVERYTHING, LATEST, Sorting, Wanted
from tests.book.reckoning import PremiumView, Unit, income, outcomes, statistics
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
SYMBOLS = ("KO", "F", "100%_A")
SORTS = ("time", "symbol", "side", "strategy", "kind", "quantity", "price", "commission", "realized_pnl")
TRIP_SORTS = ("time", "symbol", "strategy", "ended_by", "closed", "holding_s", "net", "dte", "total_return")


def contract(number: int) -> Contract:
    symbol = SYMBOLS[number % 3]
    if number < 3:
        return Contract(100 + number, symbol, symbol, "STK", "USD")
    expiry = date(2026, 1, 16) + timedelta(days=7 * (number % 5))
    return Contract(
        100 + number, symbol, f"{symbol} {number}", "OPT", "USD", symbol, "SMART", expiry, float(number), "CP"[number % 2], 100.0
    )  # fmt: skip


def told() -> list[Execution]:
    """120 executions of 18 contracts, several in one instant, of which some tell no commission."""
    chance = random.Random(3)
    found = []
    for number in range(120):
        kind = ExecutionKind.TRADE if chance.random() < 0.9 else ExecutionKind.EXPIRY
        found.append(
            samples.execution(
                number + 1, contract(chance.randrange(18)), time=START + timedelta(hours=number // 3), side=chance.choice(["BOT", "SLD"]),
                quantity=Decimal(chance.randrange(1, 4)), price=Decimal(chance.randrange(0, 4)) / 2, kind=kind,
                order_id=None, perm_id=number // 2 + 1, order_ref=chance.choice([None, "tg:wheel", "-Hand"]),
                commission=chance.choice([None, Decimal("0.65"), Decimal(1)]), commission_currency="USD",
                realized_pnl=chance.choice([None, Decimal(5), Decimal(-5)]),
            )
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def book(url: str, write: Writer) -> Book:
    """What was told, folded by the agent, with notes beside some of it; the same book from nothing."""
    executions = told()
    write.flush(executions=tuple(executions))
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("INSERT INTO strategies (name) VALUES ('tg/wheel')")
        owner.execute("UPDATE executions SET strategy = 'tg/wheel' WHERE id % 3 = 0")
        with connect(url, Role.AGENT, "test", autocommit=True) as agent:
            Keeper(agent).look()
        owner.execute(
            "INSERT INTO notes SELECT account, 'execution', base_exec_id, CASE WHEN id % 2 = 0 THEN 'Sold late' ELSE '' END,"
            " '{earnings,late}', false, 1, 'anna' FROM executions WHERE id % 7 = 0"
        )
        owner.execute(
            "INSERT INTO notes SELECT account, 'round_trip', trip, '', '{earnings}', id % 2 = 0, 1, 'anna'"
            " FROM round_trips WHERE id % 5 = 0"
        )
        days = dict(owner.execute("SELECT base_exec_id, (session_date, strategy) FROM executions").fetchall())
        out = {row[0] for row in owner.execute("SELECT trip FROM trips_left_out").fetchall()}
    assert out
    fills = []
    for e in executions:
        c = e.contract
        strike = None if c.strike is None else Decimal(repr(c.strike))
        terms = Terms(
            c.con_id,
            c.symbol,
            c.local_symbol,
            c.sec_type,
            "USD",
            Decimal(repr(c.multiplier)),
            strike,
            c.right,
            c.expiry,
        )
        quantity = e.quantity if e.side == "BOT" else -e.quantity
        day, strategy = days[e.base_exec_id]
        fills.append(
            Fill(e.base_exec_id, terms, e.time, date.fromisoformat(str(day)), quantity, e.price, e.kind, e.commission, "USD",
                 str(e.perm_id), strategy or None)
        )  # fmt: skip
    found = Book(fills)
    found.out = out  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def reads(url: str, book: Book) -> Iterator[Reads]:
    engine = make_engine(url, Role.WEB, "test")
    yield Reads(engine, url)
    engine.dispose()


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


DAYS = st.dates(date(2026, 1, 3), date(2026, 1, 9))
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.sampled_from([*SYMBOLS, "XX"]),
    "sec_type": st.sampled_from(["STK", "OPT"]),
    "side": st.sampled_from(["BOT", "SLD"]),
    "strategy": st.sampled_from(["tg/wheel", "", "'; DROP TABLE notes; --"]),
    "from": DAYS,
    "to": DAYS,
    "tag": st.sampled_from(["earnings", "LATE", "none"]),
    "noted": st.booleans(),
    "text": st.sampled_from(
        [
            "ko",
            "sold LATE",
            "100%",
            "%",
            "_",
            "\\",
            "-hand",
            "'",
            "earnings f",
            "KO late trade",
            "tg:wheel \u00a0 f",
            "0000e0d5 SLD",
            "ko =x",
        ]
    ),
}
QUERIES = st.fixed_dictionaries({}, optional=FILTERS)


def fits(row: dict[str, Any], query: dict[str, Any], day: str, said: str) -> bool:
    """The filter once more, in plain Python."""
    noted = bool(row["note"] or row["tags"] or row["excluded"])
    return (
        all(row[name] == query[name] for name in ("symbol", "sec_type") if name in query)
        and ("side" not in query or row["side"] in (query["side"], {"BOT": "long", "SLD": "short"}[query["side"]]))
        and ("strategy" not in query or (row["strategy"] or "") == query["strategy"])
        and ("from" not in query or day >= query["from"].isoformat())
        and ("to" not in query or day <= query["to"].isoformat())
        and ("tag" not in query or query["tag"].lower() in row["tags"])
        and ("noted" not in query or noted == query["noted"])
        and all(word.lower() in said.lower() for word in query.get("text", "").split())
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_the_file_has_exactly_what_the_page_shows(web: Web, reads: Reads, query: dict[str, Any]) -> None:
    """And both what the filter says, executions and round trips alike."""
    text = urlencode({name: str(value).lower() if name == "noted" else value for name, value in query.items()})
    every = reads.trades(ACCOUNT, 1000)["items"]
    shown = web.get(f"/api/trades/?limit=1000&offset=0&{text}").json
    fields = ("symbol", "local_symbol", "kind", "order_ref", "exec_id", "strategy", "note")
    assert [row["id"] for row in shown["items"]] == [
        row["id"]
        for row in every
        if fits(row, query, row["session_date"], " ".join([*(row[f] or "" for f in fields), *row["tags"]]))  # type: ignore[literal-required,arg-type]
    ]
    assert shown["total"] == len(shown["items"])
    assert web.get(f"/api/trades/?limit=1&offset=0&{text}").json["total"] == len(shown["items"])
    assert web.get(f"/api/trades/?limit=1&offset=500&{text}").json["total"] == len(shown["items"])
    assert [row["id"] for row in rows_of(web.get(f"/api/exports/trades.csv?{text}").body)] == [
        str(row["id"]) for row in shown["items"]
    ]
    trips = web.get(f"/api/trades/round-trips?limit=1000&offset=0&{text}").json
    fields = ("symbol", "local_symbol", "ended_by", "strategy", "note")  # type: ignore[assignment]
    assert [row["id"] for row in trips["items"]] == [
        row["id"]
        for row in reads.trading.round_trips(ACCOUNT, limit=1000)["items"]
        if fits(row, query, row["opened_on"], " ".join([*(row[f] or "" for f in fields), *row["tags"]]))  # type: ignore[literal-required,arg-type]
    ]
    assert web.get(f"/api/trades/round-trips?limit=1&offset=0&{text}").json["total"] == len(trips["items"])
    found = rows_of(web.get(f"/api/exports/round_trips.csv?{text}").body)
    assert [row["id"] for row in found] == [str(row["id"]) for row in trips["items"]]
    for name in ("gross", "fees", "net", "broker_net", "holding_s", "total_return", "base"):
        assert [float(row[name]) if row[name] else None for row in found] == pytest.approx(
            [row[name] for row in trips["items"]]
        )


def key(row: dict[str, Any], sort: str, is_descending: bool) -> tuple[bool, Any]:
    value = row[sort]
    return value is None, 0 if value is None else (-value if is_descending else value)


@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_every_order_by_pages_and_by_offset(reads: Reads, sort: str, is_descending: bool) -> None:
    sorting = Sorting(sort, is_descending)
    whole = reads.trades(ACCOUNT, 1000, None, EVERYTHING, sorting)["items"]
    ids = [row["id"] for row in whole]
    assert sorted(ids) == sorted(row["id"] for row in reads.trades(ACCOUNT, 1000)["items"])
    if sort in ("quantity", "price", "commission", "realized_pnl"):
        keys = [key(row, sort, is_descending) for row in whole]  # type: ignore[arg-type]
        assert keys == sorted(keys)
    seen: list[int] = []
    before = None
    while True:
        page = reads.trades(ACCOUNT, 17, before, EVERYTHING, sorting)
        seen += [row["id"] for row in page["items"]]
        if (before := page["next_before"]) is None:
            break
    assert seen == ids
    blocks = [reads.trades(ACCOUNT, 50, None, EVERYTHING, sorting, offset) for offset in (0, 50, 100, 150)]
    assert [row["id"] for block in blocks for row in block["items"]] == ids
    assert {block["total"] for block in blocks} == {len(ids)}


@pytest.mark.parametrize("sort", TRIP_SORTS)
def test_every_order_of_round_trips(reads: Reads, sort: str) -> None:
    for is_descending in (True, False):
        sorting = Sorting(sort, is_descending)
        ids = [row["id"] for row in reads.trading.round_trips(ACCOUNT, EVERYTHING, sorting, 1000)["items"]]
        seen: list[int] = []
        before = None
        while True:
            page = reads.trading.round_trips(ACCOUNT, EVERYTHING, sorting, 7, before)
            seen += [row["id"] for row in page["items"]]
            if (before := page["next_before"]) is None:
                break
        assert seen == ids
        assert len(set(ids)) == len(ids) > 20


def test_a_cursor_is_of_its_order(web: Web, book: Book) -> None:
    cursor = web.get("/api/trades/?sort=price&limit=5").json["next_before"]
    assert web.get(f"/api/trades/?sort=price&before={cursor}").status == 200
    for query in (f"before={cursor}", f"sort=price&descending=false&before={cursor}", "sort=nothing", "offset=-1", "offset=1000001",
                  "side=buy", "noted=perhaps", "from=x", "tag=%00", "sec_type=X", f"sort=price&before={cursor}x"):  # fmt: skip
        assert web.get(f"/api/trades/?{query}").status == 422, query
    assert web.get("/api/exports/trades.csv?limit=5").status == 422


@pytest.mark.parametrize("unit", list(Unit))
def test_statistics_are_those_of_the_book(web: Web, book: Book, unit: Unit) -> None:
    answer = web.get(f"/api/trades/statistics?unit={unit}")
    shown = trade_schemas.Statistics.model_validate_json(answer.body, strict=True)
    out: set[str] = book.out  # type: ignore[attr-defined]
    groups = (
        {trip.id: (trip,) for trip in book.trips}
        if unit is Unit.CONTRACT
        else {g.id: g.trips for g in [*book.chains, *book.cycles]}
    )
    if unit is Unit.CYCLE:
        groups = {g.id: g.trips for g in book.cycles}
    elif unit is Unit.CHAIN:
        groups = {g.id: g.trips for g in book.chains}
    counted = [o for o in outcomes(book, unit) if not any(trip.id in out for trip in groups[o.id])]
    expected = statistics(counted)
    (total,) = shown.total
    assert (total.count, total.wins, total.losses, total.unknown) == (
        expected.count, expected.wins, expected.losses, expected.unknown,
    )  # fmt: skip
    assert total.net == pytest.approx(float(expected.net))
    assert expected.profit_factor is not None
    assert total.profit_factor == pytest.approx(float(expected.profit_factor))
    for parts in (shown.by_symbol, shown.by_strategy, shown.by_dte, shown.by_weekday):
        assert sum(part.count for part in parts) == total.count
        assert sum(part.net for part in parts) == pytest.approx(total.net)
    days = [part.name for part in shown.by_weekday]
    assert days == [day for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday") if day in days]
    part = web.get(f"/api/trades/statistics?unit={unit}&symbol=KO").json
    assert part["by_symbol"] == part["total"][:0] + [
        one for one in web.get(f"/api/trades/statistics?unit={unit}").json["by_symbol"] if one["name"] == "KO"
    ]


@pytest.mark.parametrize("view", list(PremiumView))
def test_premium_is_that_of_the_book(web: Web, book: Book, view: PremiumView) -> None:
    out: set[str] = book.out  # type: ignore[attr-defined]
    sold = list(sales(trip for trip in book.trips if trip.id not in out))
    assert sold
    expected = income(sold, view, date(2999, 12, 31))["USD"]
    answer = web.get(f"/api/trades/premium?view={view}&step=day")
    shown = trade_schemas.PremiumIncome.model_validate_json(answer.body, strict=True).items
    assert [(one.day, round(one.premium, 6), one.buy_backs, one.fees) for one in shown] == [
        (day.isoformat(), round(float(one.premium), 6), float(one.buy_backs), float(one.fees))
        for day, one in expected.items()
    ]
    by_month: dict[str, float] = {}
    for one in shown:
        by_month[f"{one.day[:7]}-01"] = by_month.get(f"{one.day[:7]}-01", 0.0) + one.net
    months = web.get(f"/api/trades/premium?view={view}").json["items"]
    assert {one["day"]: one["net"] for one in months} == pytest.approx(by_month)
    some = web.get(f"/api/trades/premium?view={view}&step=day&from={shown[1].day}&to={shown[-2].day}").json["items"]
    assert some == answer.json["items"][1:-1]


def test_examples_and_answers(web: Web, book: Book) -> None:
    for model in (trade_schemas.Statistics, trade_schemas.PremiumIncome, trade_schemas.Orders):
        (example,) = model.model_json_schema()["examples"]
        model.model_validate(example, strict=True)
    for path, shape in (
        ("/api/trades/?offset=0", schemas.Trades),
        ("/api/trades/round-trips?offset=0", book_schemas.RoundTrips),
    ):
        shape.model_validate_json(web.get(path).body, strict=True)
    assert Wanted() == EVERYTHING
    assert Sorting() == LATEST


def test_orders_are_those_of_the_book(web: Web, book: Book) -> None:
    """Newest first, each whole, by the executions that fit."""
    expected = {order.id: order for order in orders(book.fills)}
    answer = web.get("/api/trades/orders?limit=1000")
    shown = trade_schemas.Orders.model_validate_json(answer.body, strict=True)
    assert {one.id for one in shown.items} == set(expected)
    assert shown.total == len(expected)
    assert [one.time for one in shown.items] == sorted((one.time for one in shown.items), reverse=True)
    for one in shown.items:
        order = expected[one.id]
        assert [(leg.con_id, leg.quantity, leg.cash) for leg in one.legs] == [
            (leg.terms.con_id, float(leg.quantity), float(leg.money)) for leg in order.legs
        ]
        assert one.executions == len(order.fills)
        assert one.fees == {currency: float(fee) for currency, fee in order.fees.items()}
    several = next(one for one in shown.items if len({leg.symbol for leg in one.legs}) > 1)
    some = web.get(f"/api/trades/orders?limit=1000&symbol={several.legs[0].symbol}").json
    assert several.model_dump() in some["items"]
    assert some["total"] == len(some["items"]) < shown.total
    blocks = [web.get(f"/api/trades/orders?limit=20&offset={offset}").json["items"] for offset in (0, 20, 40, 60)]
    assert [one["id"] for block in blocks for one in block] == [one.id for one in shown.items]


def test_cash_flows_by_the_filter_of_their_list(web: Web, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for number, (kind, currency, day) in enumerate(
            [("dividend", "USD", "2026-01-05"), ("dividend", "EUR", "2026-01-06"), ("deposit", "USD", "2026-01-07")]
        ):
            conn.execute(
                "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, symbol, source)"
                " VALUES (%s, %s, %s::date + interval '15 h', %s, %s, 1, %s, 'KO', 'manual')",
                [ACCOUNT, f"t{number}", day, day, kind, currency],
            )
    for query in (
        "",
        "kind=dividend",
        "currency=USD",
        "symbol=KO&from=2026-01-06",
        "to=2026-01-06&kind=dividend",
        "symbol=X",
    ):
        shown = web.get(f"/api/cash-flows/?{query}").json["items"]
        found = rows_of(web.get(f"/api/exports/cash_flows.csv?{query}").body)
        assert [row["flow_id"] for row in found] == [item["id"] for item in shown]
    assert web.get("/api/exports/cash_flows.csv?kind=gift").status == 422
