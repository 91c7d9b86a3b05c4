"""Statistics and premium income, summed in SQL, are those of plain Python over the same round trips; on PostgreSQL 15 and 18."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.db import make_engine
from data.model import Role
from data.reads import Reads
from data.trade_filter import Wanted
from data.trade_views import FiguresView, PremiumViewName, StepName, UnitName
from tests.web import samples
from tests.web.samples import ACCOUNT

START = date(2026, 1, 2)  # a Friday
CONTRACTS = (("KO", "USD"), ("F", "USD"), ("SAP", "EUR"), ("Ä", "EUR"))
STRATEGIES = (None, "tg/wheel", "tg/other")
UNITS: tuple[UnitName, ...] = ("contract", "chain", "cycle")
VIEWS: tuple[PremiumViewName, ...] = ("open", "close", "accrued")
STEPS: tuple[StepName, ...] = ("month", "day")
BUCKETS = ((0, "0"), (7, "1–7"), (21, "8–21"), (45, "22–45"), (90, "46–90"))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Trip:
    """`joins`: it goes on with the chain, or only the cycle, of the one before; else it begins its own."""

    number: int
    contract: int
    strategy: str | None
    day: int
    dte: int | None
    net: Decimal | None
    is_closed: bool
    joins: str
    is_left_out: bool

    @property
    def opened_on(self) -> date:
        return START + timedelta(days=self.day)


TRIPS = st.lists(
    st.builds(
        Trip, st.just(0), st.integers(0, 3), st.sampled_from(STRATEGIES), st.integers(0, 20),
        st.sampled_from((21, 22, 0, 1, 7, 8, 45, 46, 90, 91, -1, None)),
        st.decimals("-9999", "9999", places=4) | st.sampled_from((Decimal(0), None)),
        st.sampled_from((True, True, True, False)), st.sampled_from(("chain", "cycle", "", "shares")),
        st.sampled_from((False, False, False, True)),
    ),
    max_size=25,
)  # fmt: skip
FILTERS = st.builds(
    Wanted, symbol=st.none() | st.sampled_from([symbol for symbol, _ in CONTRACTS]), strategy=st.none() | st.sampled_from(("", "tg/wheel"))
)  # fmt: skip


def keys(trips: list[Trip]) -> list[tuple[str, str | None, str | None]]:
    """Name, chain and cycle of each."""
    found: list[tuple[str, str | None, str | None]] = []
    for number, trip in enumerate(trips):
        name, before = f"t{number}", found[-1] if found else ("", None, None)
        chain = None if trip.joins == "shares" else (before[1] or name) if trip.joins == "chain" else name
        cycle = (before[2] or name) if trip.joins in ("chain", "cycle", "shares") else name
        found.append((name, chain, cycle))
    return found


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    with samples.writer(database_url) as write:
        write.account()
    with psycopg.connect(database_url) as conn:
        conn.execute("INSERT INTO strategies (name) SELECT * FROM unnest(%s::text[])", [list(STRATEGIES[1:])])
        for number, (symbol, currency) in enumerate(CONTRACTS):
            conn.execute(
                "INSERT INTO contracts (con_id, symbol, local_symbol, sec_type, currency) VALUES (%s, %s, %s, 'OPT', %s)",
                [900 + number, symbol, symbol, currency],
            )
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


def store(url: str, trips: list[Trip]) -> None:
    opened = datetime(2026, 1, 2, 15, tzinfo=UTC)
    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        cursor.execute("DELETE FROM round_trips")
        cursor.execute("DELETE FROM notes")
        for trip, (name, chain, cycle) in zip(trips, keys(trips), strict=True):
            ts = opened + timedelta(days=trip.day)
            cursor.execute(
                "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, closed, closed_on, dte, quantity, peak, gross,"
                " fees, net, carried, strategy, chain, cycle, executions)"
                " VALUES (%s, %s, %s, -1, %s, %s, %s, %s, %s, 0, 1, 0, 0, %s, 0, %s, %s, %s, %s)",
                [ACCOUNT, name, 900 + trip.contract, ts, trip.opened_on, ts if trip.is_closed else None, trip.opened_on if trip.is_closed else None,
                 trip.dte, trip.net, trip.strategy, chain, cycle, [name]],
            )  # fmt: skip
            if trip.is_left_out:
                cursor.execute(
                    "INSERT INTO notes VALUES (%s, 'round_trip', %s, '', '{}', true, 1, 'anna')", [ACCOUNT, name]
                )


def bucket(dte: int | None) -> str:
    return "no expiry" if dte is None else next((name for days, name in BUCKETS if dte <= days), "over 90")


def figures(name: str, currency: str, nets: list[Decimal | None]) -> FiguresView:
    known = [net for net in nets if net is not None]
    wins, losses = [net for net in known if net > 0], [net for net in known if net < 0]
    return {
        "name": name,
        "currency": currency,
        "count": len(known),
        "wins": len(wins),
        "losses": len(losses),
        "unknown": len(nets) - len(known),
        "net": float(sum(known)),
        "win_rate": len(wins) / len(known) if known else None,
        "profit_factor": float(sum(wins) / -sum(losses)) if losses else None,
        "expectancy": float(sum(known) / len(known)) if known else None,
        "average_win": float(sum(wins) / len(wins)) if wins else None,
        "average_loss": float(sum(losses) / len(losses)) if losses else None,
    }


def reckoned(trips: list[Trip], wanted: Wanted, unit: UnitName) -> dict[str, Any]:
    groups: dict[str, list[Trip]] = defaultdict(list)
    first: dict[str, Trip] = {}
    for trip, (name, chain, cycle) in zip(trips, keys(trips), strict=True):
        first[name] = trip
        if unit != "cycle" and chain is None:
            continue  # shares are in cycles only
        groups[{"contract": name, "chain": chain, "cycle": cycle}[unit] or ""].append(trip)
    parts: dict[str, dict[tuple[Any, ...], list[Decimal | None]]] = defaultdict(lambda: defaultdict(list))
    left_out = 0
    for key, group in groups.items():
        began = first[key]
        symbol, currency = CONTRACTS[began.contract]
        fits = wanted.symbol in (None, symbol) and wanted.strategy in (None, began.strategy or "")
        if not fits or not all(trip.is_closed for trip in group):
            continue
        if any(trip.is_left_out for trip in group):
            left_out += 1
            continue
        nets = [trip.net for trip in group]
        net = None if None in nets else sum(net for net in nets if net is not None)
        days = -999 if began.dte is None else began.dte
        for part, place, name in (
            ("total", 0, "all"),
            ("by_symbol", 0, symbol),
            ("by_strategy", 0, began.strategy or "none"),
            ("by_dte", next((n for n, (limit, _) in enumerate(BUCKETS) if days <= limit), 9) if days != -999 else -1, bucket(began.dte)),
            ("by_weekday", began.opened_on.weekday(), WEEKDAYS[began.opened_on.weekday()]),
        ):  # fmt: skip
            parts[part][currency, place, name].append(net)  # type: ignore[arg-type]
    return {"left_out": left_out} | {
        part: [figures(name, currency, nets) for (currency, _, name), nets in sorted(parts[part].items())]
        for part in ("total", "by_symbol", "by_strategy", "by_dte", "by_weekday")
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trips=TRIPS, wanted=FILTERS)
def test_the_sums_are_those_of_plain_python(database_url: str, reads: Reads, trips: list[Trip], wanted: Wanted) -> None:
    store(database_url, trips)
    for unit in UNITS:
        shown: Any = reads.trading.statistics(ACCOUNT, wanted, unit)
        expected = reckoned(trips, wanted, unit)
        assert {name: shown[name] for name in expected} == expected, unit


@dataclass(frozen=True, slots=True)
class Sale:
    """Days are counted from the start; `expiry` is of the contract, `closed` None: open still."""

    contract: int
    opened: int
    closed: int | None
    expiry: int
    premium: Decimal
    buy_back: Decimal
    fees: Decimal
    is_left_out: bool


MONEY = st.decimals("0", "9999", places=4)
SALES = st.lists(
    st.integers(0, 60).flatmap(
        lambda opened: st.builds(
            Sale, st.integers(0, 3), st.just(opened), st.none() | st.integers(opened, opened + 70), st.integers(opened, opened + 70),
            MONEY, MONEY.map(lambda money: -money), st.decimals("-5", "5", places=4), st.sampled_from((False, False, True)),
        )
    ),
    max_size=12,
)  # fmt: skip


def store_sales(url: str, sales: list[Sale]) -> None:
    """Each in a round trip of its own."""

    def day(number: int | None) -> str | None:
        return None if number is None else str(START + timedelta(days=number))

    with psycopg.connect(url) as conn, conn.cursor() as cursor:
        cursor.execute("DELETE FROM round_trips")
        cursor.execute("DELETE FROM notes")
        for number, sale in enumerate(sales):
            sold = {
                "opened": day(sale.opened), "closed": day(sale.closed), "expiry": day(sale.expiry), "premium": str(sale.premium),
                "buy_back": str(sale.buy_back), "fees": str(sale.fees),
            }  # fmt: skip
            cursor.execute(
                "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, quantity, peak, gross, fees, carried, chain,"
                " executions, sold) VALUES (%s, %s, %s, -1, '2026-01-02 15:00Z', '2026-01-02', 0, 1, 0, 0, 0, 't', '{}', %s)",
                [ACCOUNT, f"t{number}", 900 + sale.contract, json.dumps([sold])],
            )
            if sale.is_left_out:
                cursor.execute(
                    "INSERT INTO notes VALUES (%s, 'round_trip', %s, '', '{}', true, 1, 'anna')",
                    [ACCOUNT, f"t{number}"],
                )


def earned(sale: Sale, day: int) -> Fraction:
    """What of its premium is earned at the end of a day: a straight line, the rest at an earlier end."""
    end = sale.expiry if sale.closed is None else min(sale.closed, sale.expiry)
    if day < sale.opened:
        return Fraction(0)
    return Fraction(sale.premium) * (
        1 if day >= end else Fraction(day - sale.opened + 1, sale.expiry - sale.opened + 1)
    )


def income(
    sales: list[Sale], view: PremiumViewName, step: StepName, since: int, until: int
) -> dict[tuple[str, str], list[Fraction]]:
    """By bucket and currency: premium, buy-backs and fees."""
    found: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for sale in sales:
        for number in range(since, until + 1):
            is_end = number == (sale.opened if view == "open" else sale.closed)
            premium = (
                earned(sale, number) - earned(sale, number - 1)
                if view == "accrued"
                else Fraction(sale.premium) * is_end
            )
            end = sale.expiry if sale.closed is None else min(sale.closed, sale.expiry)
            if is_end or (view == "accrued" and sale.opened <= number <= end):
                day = START + timedelta(days=number)
                bucket = (str(day if step == "day" else day.replace(day=1)), CONTRACTS[sale.contract][1])
                parts = (premium, Fraction(sale.buy_back) * is_end, Fraction(sale.fees) * is_end)
                found[bucket] = [a + b for a, b in zip(found[bucket], parts, strict=True)]
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sales=SALES, since=st.integers(-5, 40), days=st.integers(0, 120))
def test_premium_income_is_that_of_plain_python(
    database_url: str, reads: Reads, sales: list[Sale], since: int, days: int
) -> None:
    """Between any two days, by month and day; what is spread over days adds up to the same."""
    store_sales(database_url, sales)
    wanted = Wanted(since=START + timedelta(days=since), until=START + timedelta(days=since + days))
    for view in VIEWS:
        for step in STEPS:
            shown = reads.trading.premium(ACCOUNT, wanted, view, step)["items"]
            expected = income([sale for sale in sales if not sale.is_left_out], view, step, since, since + days)
            assert {
                (one["day"], one["currency"]): [one["premium"], one["buy_backs"], one["fees"]] for one in shown
            } == {key: pytest.approx([float(part) for part in parts], abs=1e-8) for key, parts in expected.items()}


@pytest.mark.parametrize(
    "query", ["SELECT count(*) FROM trades_wanted('x', '{}')", "SELECT id FROM trades_wanted('x', '{}') LIMIT 1"]
)
def test_what_is_not_wanted_costs_nothing(database_url: str, query: str) -> None:
    """Without words no contract is looked at, nor a note."""
    with psycopg.connect(database_url) as conn:
        plan = "\n".join(line for (line,) in conn.execute(f"EXPLAIN {query}"))
    assert "executions" in plan
    assert "contracts" not in plan
    assert "notes" not in plan
