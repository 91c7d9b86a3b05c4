"""Booking to the cent, whatever the order of events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.simulator.account import Account, Holding, commission
from data.simulator.instruments import by_con_id, option, stock

KO = stock("KO")
PUT = option("KO", "20261218", 70.0, "P")
CALL = option("KO", "20261218", 75.0, "C")
D = Decimal


def account(cash: str = "100000.00", **holdings: tuple[int, str]) -> Account:
    fresh = Account("DU1", D(cash))
    for name, (quantity, cost) in holdings.items():
        fresh.holdings[{"ko": KO, "put": PUT, "call": CALL}[name].con_id] = Holding(quantity, D(cost))
    return fresh


@pytest.mark.parametrize(
    ("instrument", "quantity", "fee"),
    [(PUT, 1, "1.00"), (PUT, 2, "1.30"), (PUT, -10, "6.50"), (KO, 100, "1.00"), (KO, -301, "1.51")],
)
def test_commission(instrument, quantity: int, fee: str):
    assert commission(instrument, quantity) == D(fee)


def test_selling_a_put_and_buying_it_back():
    books = account()
    assert books.trade(PUT, -2, D("0.85"), D("1.30")) is None
    assert books.cash == D("100168.70")
    assert books.holdings[PUT.con_id].average_cost() == D("84.35")
    assert books.trade(PUT, 1, D("0.20"), D("1.00")) == D("63.35")
    assert books.trade(PUT, 1, D("0.10"), D("1.00")) == D("73.35")
    assert PUT.con_id not in books.holdings
    assert books.cash == D("100136.70")


def test_a_fill_through_zero_closes_and_opens():
    books = account(ko=(100, "7000.00"))
    realized = books.trade(KO, -300, D("71.00"), D("1.50"))
    assert realized == D("99.50")  # 7100 - 0.50 of the fee - 7000
    holding = books.holdings[KO.con_id]
    assert (holding.quantity, holding.cost) == (-200, D("-14199.00"))


def test_an_assigned_put_gives_its_premium_to_the_shares():
    books = account(put=(-2, "-168.70"))
    assert books.exercise(PUT, 2, KO) is None
    assert books.cash == D("86000.00")
    assert PUT.con_id not in books.holdings
    assert books.holdings[KO.con_id].cost == D("13831.30")
    assert books.realized_today == 0


def test_an_assigned_covered_call_adds_its_premium_to_the_proceeds():
    books = account(ko=(100, "7100.00"), call=(-1, "-54.00"))
    assert books.exercise(CALL, 1, KO) == D("454.00")
    assert books.cash == D("107500.00")
    assert not books.holdings


def test_part_of_a_position_is_assigned():
    books = account(put=(-3, "-100.00"))
    books.exercise(PUT, 1, KO)
    assert books.holdings[PUT.con_id] == Holding(-2, D("-66.67"))
    assert books.holdings[KO.con_id].cost == D("6966.67")


def test_a_long_put_that_is_exercised_costs_its_premium():
    books = account(ko=(100, "7000.00"), put=(1, "120.00"))
    assert books.exercise(PUT, 1, KO) == D("-120.00")
    assert not books.holdings


def test_a_worthless_option_leaves_its_premium():
    books = account(put=(-2, "-168.70"))
    assert books.expire(PUT) == D("168.70")
    assert books.cash == D("100000.00")


def test_dividends_are_due_first_and_paid_later():
    books = account(ko=(150, "10000.00"))
    assert books.go_ex(KO, D("0.51"), date(2026, 12, 15)) == D("76.50")
    assert books.accrued_dividends == D("76.50")
    assert books.pay_dividends(date(2026, 12, 14)) == []
    assert [due.amount for due in books.pay_dividends(date(2026, 12, 15))] == [D("76.50")]
    assert books.cash == D("100076.50")
    assert books.accrued_dividends == 0


def test_short_shares_owe_the_dividend():
    books = account(ko=(-100, "-7000.00"))
    books.go_ex(KO, D("0.51"), date(2026, 12, 15))
    books.pay_dividends(date(2026, 12, 15))
    assert books.cash == D("99949.00")


def test_a_correction_after_the_close_is_realized():
    books = account()
    books.trade(PUT, -1, D("1.00"), D("1.00"))
    books.correct(PUT.con_id, D("5.00"))
    assert books.holdings[PUT.con_id].cost == D("-94.00")
    books.trade(PUT, 1, D("0.50"), D("1.00"))
    books.correct(PUT.con_id, D("-2.50"))
    assert books.realized_total == D("45.50")
    assert books.cash == D("100000.00") + books.realized_total


PRICES = st.integers(1, 900).map(lambda n: Decimal(n) / 100)
QUANTITIES = st.integers(-7, 7).filter(bool)
TRADE = st.tuples(st.just("trade"), st.sampled_from([PUT, CALL]), QUANTITIES, PRICES)
SHARES = st.tuples(st.just("trade"), st.just(KO), st.integers(-350, 350).filter(bool), PRICES.map(lambda p: p + 60))
ASSIGN = st.tuples(st.just("exercise"), st.sampled_from([PUT, CALL]), st.integers(1, 5), PRICES)
EXPIRE = st.tuples(st.just("expire"), st.sampled_from([PUT, CALL]), st.just(0), PRICES)
CORRECT = st.tuples(st.just("correct"), st.sampled_from([PUT, CALL, KO]), QUANTITIES, PRICES)
DIVIDEND = st.tuples(st.just("dividend"), st.just(KO), st.just(0), PRICES)


def apply(books: Account, event: tuple) -> Decimal:
    """Book an event; returns the money that came from outside (dividends)."""
    kind, instrument, quantity, price = event
    if kind == "trade":
        books.trade(instrument, quantity, price, commission(instrument, quantity))
    elif kind == "correct" and instrument.con_id in books.day:
        books.correct(instrument.con_id, price * quantity)
    elif kind == "dividend":
        amount = books.go_ex(instrument, price, date(2027, 1, 1))
        books.pay_dividends(date(2027, 1, 1))
        return amount
    elif held := abs(books.quantity(instrument.con_id)):
        if kind == "exercise":
            books.exercise(instrument, min(quantity, held), KO)
        elif kind == "expire":
            books.expire(instrument)
    return Decimal(0)


@given(st.lists(st.one_of(TRADE, SHARES, ASSIGN, EXPIRE, CORRECT, DIVIDEND), max_size=40))
def test_no_cent_is_made_or_lost(events: list[tuple]):
    books = Account("DU1", D("100000.00"))
    outside = sum((apply(books, event) for event in events), Decimal(0))
    cost = sum((holding.cost for holding in books.holdings.values()), Decimal(0))
    assert books.cash + cost == D("100000.00") + outside + books.realized_total
    assert books.realized_today == books.realized_total
    assert books.cash == books.cash.quantize(D("0.01"))
    assert all(holding.quantity for holding in books.holdings.values())


@given(
    st.lists(st.one_of(TRADE, SHARES, ASSIGN, EXPIRE, CORRECT, DIVIDEND), max_size=20),
    st.lists(st.one_of(TRADE, SHARES, ASSIGN, EXPIRE, CORRECT, DIVIDEND), max_size=20),
    st.fixed_dictionaries({KO.con_id: PRICES, PUT.con_id: PRICES, CALL.con_id: PRICES}),
    st.fixed_dictionaries({KO.con_id: PRICES, PUT.con_id: PRICES, CALL.con_id: PRICES}),
)
def test_the_days_pnl_is_the_change_of_net_liquidation(before, today, opening, now):
    books = Account("DU1", D("100000.00"))
    for event in before:
        apply(books, event)

    def worth(marks: dict[int, Decimal]) -> dict[int, Decimal]:
        return {c: marks[c] * h.quantity * by_con_id(c).multiplier for c, h in books.holdings.items()}

    start = books.cash + books.accrued_dividends + sum(worth(opening).values(), Decimal(0))
    books.roll(worth(opening))
    for event in today:
        apply(books, event)
    values = worth(now)
    end = books.cash + books.accrued_dividends + sum(values.values(), Decimal(0))
    daily = sum((values.get(c, Decimal(0)) - d.start_value - d.paid for c, d in books.day.items()), Decimal(0))
    assert daily == end - start


@given(st.lists(st.one_of(TRADE, SHARES, ASSIGN, DIVIDEND), max_size=12))
def test_the_books_survive_being_written_down(events: list[tuple]):
    books = Account("DU1", D("100000.00"))
    for event in events:
        apply(books, event)
    assert Account.load(books.dump()) == books
