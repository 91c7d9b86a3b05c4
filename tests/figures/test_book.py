"""Books and figures: that sums hold, whatever is traded and however it is split between strategies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.book.sources import Terms
from data.strategies.figures.book import NONE, Book, Counts, Fill, fold
from data.strategies.figures.computing import Figures, compute, compute_all
from data.strategies.figures.marks import Mark, Rates, Residue

DAY = date(2026, 11, 25)
BEFORE = date(2026, 11, 24)
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
USD = Rates("USD")

STOCK = Terms(1, "KO", "KO", "STK", "USD")
PUT = Terms(2, "KO", "KO 261218P60", "OPT", "USD", Decimal(100), Decimal(60), "P", date(2026, 12, 18))
CALL = Terms(3, "KO", "KO 261218C70", "OPT", "USD", Decimal(100), Decimal(70), "C", date(2026, 12, 18))
EURO = Terms(4, "SAP", "SAP", "STK", "EUR")
TERMS = {terms.con_id: terms for terms in (STOCK, PUT, CALL)}


def fill(
    quantity: int | str, price: float | str, day: date = BEFORE, kind: str = "trade", fee: str | None = None
) -> Fill:
    return Fill(START, day, Decimal(quantity), Decimal(str(price)), kind, None if fee is None else Decimal(fee), "USD")


def figures(*books: Book, marks: dict[int, Mark] | None = None, rates: Rates = USD) -> Figures:
    return compute(books, marks or {}, rates)


def mark(price: str, before: str | None = None, underlying: str | None = None) -> Mark:
    return Mark(Decimal(price), Decimal(before) if before else None, START, Decimal(underlying) if underlying else None)


PRICES = st.decimals("0.01", "500", places=2)
TRADES = st.lists(
    st.tuples(
        st.sampled_from(sorted(TERMS)), st.integers(-9, 9).filter(bool), PRICES, st.booleans(),
        st.sampled_from(["a/one", "a/two", NONE]), st.decimals("-1", "5", places=2),
    ),
    max_size=40,
)  # fmt: skip


@given(
    trades=TRADES,
    now=st.tuples(*[PRICES] * 3),
    close=st.tuples(*[PRICES] * 3),
    held=st.tuples(*[st.integers(-5, 5)] * 3),
)
def test_the_sum_over_strategies_is_the_accounts(
    trades: list[tuple[int, int, Decimal, bool, str, Decimal]],
    now: tuple[Decimal, ...],
    close: tuple[Decimal, ...],
    held: tuple[int, ...],
) -> None:
    """Total and day P&L against the account's worth, computed without books: cash that moved plus what is held."""
    trades = sorted(trades, key=lambda trade: trade[3])  # yesterday's first
    marks = {i: Mark(now[n], close[n], START) for n, i in enumerate(sorted(TERMS))}
    by_strategy: dict[str, dict[int, list[Fill]]] = defaultdict(lambda: defaultdict(list))
    for con_id, quantity, price, is_today, strategy, fee in trades:
        one = Fill(START, DAY if is_today else BEFORE, Decimal(quantity), price, "trade", fee, "USD")
        by_strategy[strategy][con_id].append(one)
    books = {s: {i: fold(TERMS[i], fills, DAY) for i, fills in mine.items()} for s, mine in by_strategy.items()}
    residues = [
        Residue(TERMS[i], Decimal(quantity), close[n] * TERMS[i].multiplier)
        for n, (i, quantity) in enumerate(zip(sorted(TERMS), held, strict=True))
        if quantity
    ]
    found = compute_all(books, marks, USD, residues)

    def worth(prices: tuple[Decimal, ...], days: tuple[bool, ...]) -> Decimal:
        total = Decimal(0)
        for n, con_id in enumerate(sorted(TERMS)):
            multiplier = TERMS[con_id].multiplier
            total += held[n] * prices[n] * multiplier
            for traded, quantity, price, is_today, _, fee in trades:
                if traded == con_id and is_today in days:
                    total += (quantity * (prices[n] - price)) * multiplier - fee
        return total

    bought = sum((held[n] * close[n] * TERMS[i].multiplier for n, i in enumerate(sorted(TERMS))), Decimal(0))
    whole = worth(now, (False, True)) - bought
    assert sum(f.pnl_total or Decimal(0) for f in found.values()) == whole
    assert sum(f.pnl_day or Decimal(0) for f in found.values()) == worth(now, (False, True)) - worth(close, (False,))
    assert sum(f.fees or Decimal(0) for f in found.values()) == sum(trade[5] for trade in trades)
    exposure = sum(
        (
            (held[n] + sum(t[1] for t in trades if t[0] == i)) * now[n] * TERMS[i].multiplier
            for n, i in enumerate(sorted(TERMS))
        ),
        Decimal(0),
    )
    assert sum(f.exposure or Decimal(0) for f in found.values()) == exposure


@given(trades=st.lists(st.tuples(st.integers(-9, 9).filter(bool), PRICES), min_size=1, max_size=30))
def test_lots_are_what_is_held(trades: list[tuple[int, Decimal]]) -> None:
    """Open lots add up to the quantity; while flat, all money is of closed positions; never more wins than closings."""
    book = fold(PUT, [fill(q, str(p)) for q, p in trades], DAY)
    assert sum(quantity for quantity, _ in book.lots) == book.quantity == sum(q for q, _ in trades)
    assert all((quantity > 0) == (book.quantity > 0) for quantity, _ in book.lots)
    assert 0 <= book.wins <= book.closed <= len(trades)
    assert book.cash == -sum(q * p for q, p in trades) * 100
    positions = [sum(q for q, _ in trades[: n + 1]) for n in range(len(trades))]
    crossings = sum(
        1 for before, after in zip([0, *positions], positions, strict=False)
        if before and (after == 0 or (before > 0) != (after > 0))
    )  # fmt: skip
    assert book.closed == crossings


@given(trades=st.lists(st.tuples(st.integers(-3, 3).filter(bool), PRICES, st.booleans()), min_size=1, max_size=30))
def test_what_is_left_out_is_counted_apart(trades: list[tuple[int, Decimal, bool]]) -> None:
    """A position is left out if what opened it is; money and whole counts are the same as without."""
    fills = [replace(fill(q, str(p)), is_left_out=out) for q, p, out in trades]
    book = fold(PUT, fills, DAY)
    whole = fold(PUT, [replace(one, is_left_out=False) for one in fills], DAY)
    assert (book.cash, book.premium, book.trades, book.closed, book.wins) == (
        whole.cash, whole.premium, whole.trades, whole.closed, whole.wins,
    )  # fmt: skip
    assert not whole.left_out
    held, money, is_out = 0, Decimal(0), False
    expected = Counts()
    for quantity, price, out in trades:
        closing = min(abs(quantity), abs(held)) * (1 if quantity > 0 else -1) if held * quantity < 0 else 0
        touched = []
        for part in filter(None, (closing, quantity - closing)):
            if not held:
                money, is_out = Decimal(0), out
            held, money = held + part, money - part * price
            touched.append(is_out)
            if not held and is_out:
                expected.closed += 1
                expected.wins += money > 0
        expected.trades += all(touched)
    assert book.left_out.get(BEFORE, Counts()) == expected


def test_a_put_that_expires_keeps_its_premium() -> None:
    book = fold(PUT, [fill(-2, "1.50", fee="2.10"), fill(2, 0, DAY, "expiry")], DAY)
    found = figures(book, marks={2: mark("0", "0.30")})
    assert (found.pnl_total, found.premium, found.fees) == (Decimal("297.90"), 300, Decimal("2.10"))
    assert (found.closed, found.wins, found.trades, found.positions) == (1, 1, 1, 0)
    assert found.pnl_day == 60  # what it would have cost at the close before
    assert found.capital_at_risk == 0


def test_an_assigned_put_counts_with_its_premium_and_goes_on_as_shares() -> None:
    option = fold(PUT, [fill(-1, "1.50"), fill(1, 0, DAY, "assignment")], DAY)
    shares = fold(STOCK, [fill(100, 60, DAY, "assignment")], DAY)
    found = figures(option, shares, marks={1: mark("57", "58"), 2: mark("3", "2.20")})
    assert found.pnl_total == 150 - 300
    assert found.pnl_day == 220 - 300
    assert (found.closed, found.wins, found.positions) == (1, 1, 1)
    assert found.capital_at_risk == 6000
    assert found.exposure == 5700


def test_the_line_of_a_combination_carries_no_money() -> None:
    roll = [fill(-1, "1.00", kind="combo"), fill(1, "2.00"), fill(-1, "3.00")]
    found = figures(fold(PUT, roll, DAY), marks={2: mark("1")})
    assert (found.premium, found.trades, found.pnl_total) == (100, 2, 100)


def test_a_fill_that_turns_a_position_round_closes_one_and_opens_another() -> None:
    book = fold(STOCK, [fill(10, "5.00"), fill(-15, "6.00")], DAY)
    assert (book.closed, book.wins, book.quantity) == (1, 1, -5)
    assert list(book.lots) == [(Decimal(-5), Decimal("6.00"))]
    book.add(fill(5, "7.00"))
    assert (book.closed, book.wins, book.quantity) == (2, 1, 0)


def test_first_in_first_out() -> None:
    book = fold(STOCK, [fill(10, "5.00"), fill(10, "8.00"), fill(-15, "9.00")], DAY)
    assert list(book.lots) == [(Decimal(5), Decimal("8.00"))]
    assert book.cost == 40


def test_capital_at_risk() -> None:
    put = fold(PUT, [fill(-2, "1.50")], DAY)
    call = fold(CALL, [fill(-1, "1.00")], DAY)
    long_put = fold(PUT, [fill(1, "0.80")], DAY)
    shares = fold(STOCK, [fill(150, 60)], DAY)
    marks = {1: mark("65"), 2: mark("1"), 3: mark("2", underlying="65")}
    assert figures(put, marks=marks).capital_at_risk == 12_000 - 300
    assert figures(long_put, marks=marks).capital_at_risk == 80
    assert figures(shares, call, marks=marks).capital_at_risk == 9_000  # covered: nothing more
    # 20 % of 65 less 5 out of the money is 8, more than 10 %: 6.50; and the option's 2.
    assert figures(call, marks=marks).capital_at_risk == 1_000
    short = fold(STOCK, [fill(-10, 60)], DAY)
    assert figures(short, marks=marks).capital_at_risk == 325


def test_another_strategys_spare_shares_cover_a_call_once() -> None:
    books = {
        "a/calls": {3: fold(CALL, [fill(-1, "1.00")], DAY)},
        "a/more": {3: fold(CALL, [fill(-1, "1.00")], DAY)},
        "a/shares": {1: fold(STOCK, [fill(100, 60)], DAY)},
    }
    marks = {1: mark("65"), 3: mark("2", underlying="65")}
    found = compute_all(books, marks, USD, [])
    assert [found[name].capital_at_risk for name in ("a/calls", "a/more", "a/shares")] == [0, 1_000, 6_000]


def test_what_is_not_known_is_none_and_says_why() -> None:
    book = fold(PUT, [fill(-1, "1.50", fee="1.05")], DAY)
    found = figures(book)
    assert (found.pnl_total, found.pnl_day, found.exposure) == (None, None, None)
    assert found.premium == 150  # what is known stays
    assert found.fees == Decimal("1.05")
    assert found.reason == "The market price of KO 261218P60 is not known."
    no_close = figures(book, marks={2: mark("1")})
    assert no_close.pnl_total == Decimal("48.95")
    assert no_close.pnl_day is None
    assert no_close.reason == "The price of KO 261218P60 at the previous close is not known."


def test_a_currency_without_a_rate_is_never_summed() -> None:
    usd = fold(STOCK, [fill(10, "5.00", DAY)], DAY)
    euro = fold(EURO, [Fill(START, DAY, Decimal(10), Decimal(100), "trade", Decimal(1), "EUR")], DAY)
    marks = {1: mark("6"), 4: mark("101")}
    found = figures(usd, euro, marks=marks)
    assert (found.pnl_total, found.pnl_day, found.fees, found.exposure) == (None, None, None, None)
    assert found.reason == "The rate from EUR to USD is not known."
    known = figures(usd, euro, marks=marks, rates=Rates("USD", {"EUR": Decimal("1.10")}))
    assert known.pnl_total == 10 + Decimal("1.10") * (10 - 1)


@pytest.mark.parametrize(("before", "day"), [("8", 200), (None, 300)])
def test_a_position_that_no_execution_explains(before: str | None, day: int) -> None:
    """From its average cost in total; of the day since the close before, or since it came."""
    residue = Residue(STOCK, Decimal(100), Decimal(7))
    found = compute([], {1: mark("10", before)}, USD, [residue])
    assert (found.pnl_total, found.pnl_day, found.exposure, found.positions) == (300, day, 1_000, 1)
    assert found.capital_at_risk == 700


def test_a_day_begins_with_what_is_held() -> None:
    book = fold(STOCK, [fill(10, "5.00", BEFORE, fee="1")], BEFORE)
    assert figures(book, marks={1: mark("6")}).pnl_day == 9
    book.roll(DAY)
    found = figures(book, marks={1: mark("7", "6")})
    assert (found.pnl_day, found.pnl_total) == (10, 19)
    assert found.since == START
    assert START + timedelta(0) == found.as_of
