"""The money rules, of any life of a book: nothing is lost, nothing is counted twice, and the order of arrival is nothing."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from data.book.book import Book
from data.book.orders import orders
from data.book.pnl import Standing, standing
from data.book.premium import sales
from data.book.sources import Fill
from tests.book.lives import BUSY, CONTRACTS, LIVES, PRICES, TURNING, Action, Life, actions, lived
from tests.book.reckoning import PremiumView, income

MARKS = st.tuples(*[PRICES] * len(CONTRACTS)).map(
    lambda prices: {terms.con_id: price for terms, price in zip(CONTRACTS, prices, strict=True)}
)
ACCRUALS = st.fixed_dictionaries({"USD": st.decimals("0", "90", places=2)})
CURRENCIES = ("USD", "EUR")


def book_of(life: Life) -> Book:
    return Book(life.fills, life.changes)


def told(book: Book) -> dict[str, Any]:
    """All that a book says, comparable."""
    return {
        "trips": book.trips,
        "together": [[trip.id for trip in component.group.trips] for component in book.together],
        "chains": [[trip.id for trip in chain.trips] for chain in book.chains],
        "cycles": [[trip.id for trip in cycle.trips] for cycle in book.cycles],
        "rolls": [(r.ts, r.out_of.id, r.into.id, r.quantity, r.credit) for c in book.chains for r in c.rolls],
        "deliveries": [(d.option.id, d.shares.key, d.premium) for c in book.cycles for d in c.deliveries],
    }


@given(life=LIVES, marks=MARKS, accruals=ACCRUALS)
def test_cash_positions_and_accruals_are_flows_and_pnl(life: Life, marks: dict[int, Decimal], accruals: Any) -> None:
    found = standing(book_of(life), life.flows, marks, accruals)
    for currency in CURRENCIES:
        mine = found.get(currency, Standing())
        value = sum(
            (life.held[t.con_id] * marks[t.con_id] * t.multiplier for t in life.terms.values() if t.currency == currency),
            Decimal(0),
        )  # fmt: skip
        assert mine.cash == life.cash[currency]
        assert mine.value == value
        assert mine.accruals == accruals.get(currency, 0)
        assert mine.worth == life.transfers[currency] + mine.pnl


@given(before=st.lists(actions(), max_size=20), after=st.lists(actions(), max_size=20), marks=st.tuples(MARKS, MARKS))
def test_worth_moves_by_pnl_and_flows(before: list[Action], after: list[Action], marks: tuple[Any, Any]) -> None:
    first, then = lived(before), lived([*before, *after])
    old, new = (standing(book_of(life), life.flows, prices) for life, prices in zip((first, then), marks, strict=True))
    for currency in CURRENCIES:
        one, other = old.get(currency, Standing()), new.get(currency, Standing())
        deposited = then.transfers[currency] - first.transfers[currency]
        assert other.worth - one.worth == other.pnl - one.pnl + deposited


@given(life=LIVES | BUSY | TURNING, seed=st.integers(0, 2**32), parts=st.integers(1, 12))
def test_the_order_of_arrival_and_repetition_change_nothing(life: Life, seed: int, parts: int) -> None:
    whole = told(book_of(life))
    mixed = random.Random(seed)
    arriving = [*life.fills, *life.fills]
    mixed.shuffle(arriving)
    known = {fill.key: fill for fill in life.wrong}
    book = Book(life.wrong)  # corrections come after what they correct, in any order among others
    told(book)
    size = len(arriving) // parts + 1
    for start in range(0, max(len(arriving), 1), size):
        book.update(arriving[start : start + size], life.changes if start == 0 else ())
        known |= {fill.key: fill for fill in arriving[start : start + size]}
        assert told(book) == told(Book(known.values(), life.changes))
    assert told(book) == whole
    assert not book.update(life.fills, life.changes)


@given(life=LIVES)
def test_closed_trips_and_open_lots_are_the_cash_of_executions(life: Life) -> None:
    book = book_of(life)
    cash: dict[str, Decimal] = defaultdict(Decimal)
    for trip in book.trips:
        cash[trip.terms.currency] += trip.net
        for currency, fee in trip.foreign_fees.items():
            cash[currency] -= fee
        closed = sum((m.open_money + m.close_money - m.open_fee - m.close_fee for m in trip.matches), Decimal(0))
        assert closed + trip.basis == trip.net
        assert not trip.is_closed or (trip.basis == 0 and not trip.lots)
        assert sum((lot.quantity for lot in trip.lots), Decimal(0)) == trip.quantity
    openings: dict[str, Decimal] = defaultdict(Decimal)
    for fill in life.fills:
        if fill.kind == "opening":
            openings[fill.terms.currency] += fill.money
    assert {c: life.cash[c] - _flows(life, c) + openings[c] for c in CURRENCIES} == {c: cash[c] for c in CURRENCIES}
    held = {trip.terms.con_id: trip.quantity for trip in book.trips if not trip.is_closed}
    assert held == {con_id: quantity for con_id, quantity in life.held.items() if quantity}


def _flows(life: Life, currency: str) -> Decimal:
    return sum((flow.amount for flow in life.flows if flow.currency == currency), Decimal(0))


@given(life=LIVES)
def test_a_premium_that_was_delivered_is_counted_once(life: Life) -> None:
    """As the broker books it: from the option's result into the shares' basis, then their result."""
    book = book_of(life)
    realized = sum((trip.net - trip.basis + trip.carried for trip in book.trips), Decimal(0))
    bases = sum((trip.broker_basis for trip in book.trips), Decimal(0))
    assert realized - bases == sum((trip.net for trip in book.trips), Decimal(0))
    for trip in book.trips:
        kinds = {match.closed.kind for match in trip.matches}
        is_alone = (
            len([t for t in book.trips if t.terms.symbol == trip.terms.symbol and t.ended_by == trip.ended_by]) == 1
        )
        if (
            trip.is_closed
            and trip.terms.is_option
            and kinds == {"assignment"}
            and is_alone
            and trip.terms.symbol != "SPX"
        ):
            assert trip.net + trip.carried == 0


@given(life=LIVES)
def test_premium_is_a_view_of_the_same_money(life: Life) -> None:
    """By open date, by close date and accrued it is one sum, and that is the short options' own money."""
    trips = book_of(life).trips
    sold = list(sales(trips))
    shorts = [trip for trip in trips if trip.terms.is_option and trip.direction < 0]
    assert sum((s.premium + s.buy_back - s.fees for s in sold), Decimal(0)) == sum((t.net for t in shorts), Decimal(0))
    closed = [one for one in sold if one.closed is not None]
    until = date(2030, 1, 1)
    views = [
        {c: sum((day.net - day.fees for day in days.values()), Decimal(0)) for c, days in income(closed, view, until).items()}
        for view in PremiumView
    ]  # fmt: skip
    assert views[0] == views[1] == views[2]


@given(life=LIVES)
def test_every_trip_is_in_one_chain_and_one_cycle(life: Life) -> None:
    book = book_of(life)
    options = [trip.id for trip in book.trips if trip.terms.is_option]
    assert sorted(trip.id for chain in book.chains for trip in chain.trips) == sorted(options)
    shorts = [trip.id for trip in book.trips if trip.terms.is_option and trip.direction < 0]
    together = [trip.id for component in book.together for trip in component.group.trips]
    assert sorted(together) == sorted(trip.id for trip in book.trips)
    cycled = [trip.id for cycle in book.cycles for trip in cycle.trips]
    assert len(cycled) == len(set(cycled))
    assert set(shorts) <= set(cycled)


@given(life=LIVES)
def test_orders_are_all_of_the_fills(life: Life) -> None:
    found = orders(life.fills)
    legs = sum((leg.money for order in found for leg in order.legs), Decimal(0))
    fees = sum((fee for order in found for fee in order.fees.values()), Decimal(0))
    assert legs - fees == sum(life.cash.values(), Decimal(0)) - sum((flow.amount for flow in life.flows), Decimal(0))


@given(life=LIVES | BUSY | TURNING, late=st.integers(0, 39))
def test_a_late_fill_is_as_if_it_had_been_in_time(life: Life, late: int) -> None:
    if not life.fills:
        return
    missing: Fill = life.fills[late % len(life.fills)]
    book = Book([fill for fill in life.fills if fill is not missing], life.changes)
    told(book)
    book.update([missing])
    assert told(book) == told(book_of(life))
    book.update([Fill(missing.key, missing.terms, missing.ts + timedelta(days=1), missing.day, Decimal(0), Decimal(0))])
    assert told(book) == told(Book([fill for fill in life.fills if fill is not missing], life.changes))
