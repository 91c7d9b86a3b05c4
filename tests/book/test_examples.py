"""Books worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D  # noqa: N817 - one letter among hundreds of numbers
from fractions import Fraction

import pytest

from data.book.book import Book
from data.book.chains import Group
from data.book.orders import orders
from data.book.pnl import UnknownMarkError, standing
from data.book.premium import sales
from data.book.sources import Change, Fill, Flow, Terms
from data.book.wheel import Cycle, capital, cycle
from tests.book.reckoning import PremiumView, Unit, accrued, by, dte_bucket, income, outcomes, statistics, weekday

START = datetime(2026, 1, 5, 15, tzinfo=UTC)  # a Monday
KO = Terms(1, "KO", "KO", "STK", "USD")


def option(con_id: int, strike: int, right: str, expiry: date = date(2026, 2, 20)) -> Terms:
    return Terms(con_id, "KO", f"KO {right}{strike}", "OPT", "USD", D(100), D(strike), right, expiry)


P60, P55, C57 = option(2, 60, "P"), option(3, 55, "P"), option(4, 57, "C")


def fill(
    day: int, terms: Terms, quantity: str | int, price: str, kind: str = "trade", fee: str | None = None, order: str | None = None,
    minute: int = 0, key: str = "", strategy: str | None = "tg/wheel",
) -> Fill:  # fmt: skip
    """At `day` days and `minute` minutes after the start; its key sorts within a second as it is written down."""
    ts = START + timedelta(days=day, minutes=minute)
    name = key or f"{day:03d}.{minute:02d}.{terms.con_id}.{kind}.{quantity}.{order}"
    return Fill(
        name, terms, ts, ts.date(), D(quantity), D(price), kind, None if fee is None else D(fee), "USD", order, strategy
    )


WHEEL = [
    fill(0, P60, -1, "1.50", fee="1", order="a"),
    fill(10, P60, 1, "0.80", fee="1", order="b"),
    fill(10, P55, -1, "1.00", fee="1", order="b"),
    fill(25, P55, 1, "0", "assignment"),
    fill(25, KO, 100, "55", "assignment"),
    fill(28, C57, -1, "1.20", fee="1", order="c"),
    fill(46, C57, 1, "0", "assignment"),
    fill(46, KO, -100, "57", "assignment"),
]
DIVIDEND = Flow("d", START + timedelta(days=36), "dividend", D(20), "USD", "KO")


def the_cycle(fills: list[Fill], flows: tuple[Flow, ...] = (DIVIDEND,)) -> Cycle:
    (group,) = Book(fills).cycles
    return cycle(group, lambda symbol, day: D("61") if day == START.date() else D("56"), flows)


def ids(groups: list[Group]) -> list[list[str]]:
    return [[trip.terms.local_symbol for trip in group.trips] for group in groups]


def test_a_whole_wheel() -> None:
    book = Book(reversed(WHEEL))
    assert ids(book.chains) == [["KO P60", "KO P55"], ["KO C57"]]
    assert ids(book.cycles) == [["KO P60", "KO P55", "KO", "KO C57"]]
    (roll,) = book.chains[0].rolls
    assert (roll.quantity, roll.credit) == (1, 20)
    found = the_cycle(WHEEL)
    assert (found.stage, found.shares) == ("closed", 0)
    assert (found.premium, found.fees, found.dividends, found.cash) == (290, 4, 20, 506)
    assert found.paid is found.broker_basis is found.break_even is None


def test_three_prices_of_shares_side_by_side() -> None:
    found = the_cycle(WHEEL[:6])
    assert found.stage == "covered"
    assert (found.paid, found.broker_basis, found.break_even) == (D("55"), D("54.01"), D("51.94"))
    assert the_cycle(WHEEL[:5]).stage == "shares"


def test_the_break_even_of_a_put_is_that_of_the_shares_it_may_bring() -> None:
    found = the_cycle(WHEEL[:3])
    assert (found.stage, found.break_even) == ("put", D("53.33"))  # 55 − (149 − 81 + 99) ÷ 100


def test_returns_on_what_the_wheel_bound() -> None:
    found = the_cycle(WHEEL)
    money_days = D((6000 - 150) * 10 + (5500 - 100) * 15 + 5500 * 21)
    secured = capital(found.secured, START, START + timedelta(days=46), found.cash)
    assert secured.average == money_days / 46
    assert secured.annualised == D(506) * 365 / money_days
    assert secured.total_return == D(506) / (money_days / 46)
    # 20 % of the underlying less what it is out of the money, at least 10 % of the strike, and the premium
    margin_days = (D("11.20") * 100 + 150) * 10 + (D("10.20") * 100 + 100) * 15 + D(2750) * 21
    margin = capital(found.margin, START, START + timedelta(days=46), found.cash)
    assert margin.annualised == D(506) * 365 / margin_days
    assert capital(found.secured, START, START + timedelta(days=46), None).annualised is None


def test_what_is_open_binds_money_as_time_goes_on() -> None:
    found = the_cycle(WHEEL[:1])
    then = capital(found.secured, START, START + timedelta(days=4), D(10))
    assert then.average == 5850
    assert then.annualised == D(10) * 365 / (5850 * 4)


def test_margin_without_a_price_is_not_known() -> None:
    (group,) = Book(WHEEL).cycles
    assert cycle(group, lambda symbol, day: None).margin is None


def test_an_assigned_premium_goes_into_the_shares_at_the_broker() -> None:
    put, shares, call = (next(trip for trip in Book(WHEEL).trips if trip.terms == terms) for terms in (P55, KO, C57))
    assert (put.net, put.carried) == (99, -99)
    assert (call.net, call.carried) == (119, -119)
    assert (shares.net, shares.carried) == (200, 99 + 119)  # realized at the broker: 418


def test_wins_by_contract_by_chain_and_by_cycle() -> None:
    lost = [
        fill(0, P60, -1, "1.00", order="x"),
        fill(5, P60, 1, "3.00", order="y"),
        fill(5, P55, -1, "3.50", order="y"),
    ]
    ended = [*lost, fill(46, P55, 1, "0", "expiry")]
    found = {unit: statistics(outcomes(Book(ended), unit)) for unit in Unit}
    assert (found[Unit.CONTRACT].count, found[Unit.CONTRACT].wins) == (2, 1)
    assert (found[Unit.CHAIN].count, found[Unit.CHAIN].wins, found[Unit.CHAIN].net) == (1, 1, 150)
    wheel = {unit: statistics(outcomes(Book(WHEEL[:6]), unit)) for unit in Unit}
    assert [wheel[unit].count for unit in (Unit.CONTRACT, Unit.CHAIN, Unit.CYCLE)] == [2, 1, 0]
    assert statistics(outcomes(Book(WHEEL), Unit.CYCLE)).net == 486


def test_statistics_of_two_wins_and_a_loss() -> None:
    fills = []
    for number, result in enumerate(("1.00", "2.00", "-1.50")):
        terms = option(10 + number, 50 + number, "P", date(2026, 1, 9) if number else date(2026, 1, 5))
        fills += [fill(number, terms, -1, "3"), fill(number, terms, 1, str(3 - D(result)), minute=5)]
    found = outcomes(Book(fills), Unit.CONTRACT)
    whole = statistics(found)
    assert (whole.wins, whole.losses, whole.net) == (2, 1, 150)
    assert (whole.profit_factor, whole.expectancy) == (2, 50)
    assert (whole.average_win, whole.average_loss) == (150, -150)
    assert {name: s.count for (_, name), s in by(found, dte_bucket).items()} == {"0": 1, "1–7": 2}
    assert {name: s.net for (_, name), s in by(found, weekday).items()} == {
        "Monday": 100, "Tuesday": 200, "Wednesday": -150
    }  # fmt: skip
    nothing = statistics([])
    assert nothing.win_rate is nothing.profit_factor is nothing.expectancy is None


def test_rolls_by_two_orders_within_the_window_only() -> None:
    def book(minutes: int, strategy: str | None = "tg/wheel") -> Book:
        return Book([
            fill(0, P60, -2, "1", order="a"), fill(9, P60, 2, "0.5", order="b"),
            fill(9, P55, -2, "2", order="c", minute=minutes, strategy=strategy),
        ])  # fmt: skip

    assert len(book(10).chains) == 1
    assert len(book(11).chains) == 2
    assert len(book(5, "tg/other").chains) == 2


def test_an_option_closed_by_itself_is_no_roll() -> None:
    book = Book(
        [
            fill(0, P60, -1, "1", order="a"),
            fill(0, P60, 1, "1", order="b", minute=1),
            fill(0, P60, -1, "1", order="c", minute=2),
        ]
    )
    assert len(book.trips) == len(book.chains) == 2


def test_partial_fills_average_and_are_one_order() -> None:
    fills = [
        fill(0, P60, -1, "1.00", order="a"),
        fill(0, P60, -3, "1.20", order="a", minute=1),
        fill(0, P60, 4, "0", "expiry", minute=9),
    ]
    first, booking = orders(fills)
    assert first.legs[0].average_price == D("1.15")
    assert (first.id, len(first.fills), booking.legs[0].quantity) == ("a", 2, 4)
    (trip,) = Book(fills).trips
    assert (trip.gross, trip.peak, trip.ended_by) == (460, 4, "expiry")


def test_a_fill_through_zero_closes_and_opens() -> None:
    first, second = Book([fill(0, KO, 100, "50", fee="1"), fill(1, KO, -150, "52", fee="3")]).trips
    assert (first.net, first.closed_on, second.direction) == (200 - 1 - 2, date(2026, 1, 6), -1)
    assert (second.quantity, second.net) == (-50, 50 * 52 - 1)


def test_lots_are_first_in_first_out() -> None:
    (trip,) = Book([fill(0, KO, 10, "1"), fill(1, KO, 10, "2"), fill(2, KO, -15, "3")]).trips
    assert [(m.quantity, m.open_money, m.close_money) for m in trip.matches] == [(10, -10, 30), (5, -10, 15)]
    assert (trip.basis, trip.quantity) == (-10, 5)


def test_a_split_moves_quantities_and_no_money() -> None:
    bought, sold = fill(0, KO, 100, "60"), fill(9, KO, -200, "31")
    split = Change("split", 1, KO, START + timedelta(days=5), Fraction(2))
    (trip,) = Book([bought, sold], [split]).trips
    assert (trip.is_closed, trip.net, trip.peak) == (True, 200, 200)


def test_lots_of_a_split_add_up_to_the_brokers_whole() -> None:
    fills = [fill(day, KO, 1, "9") for day in range(4)]
    (trip,) = Book(fills, [Change("split", 1, KO, START + timedelta(days=5), Fraction(2, 3))]).trips
    assert trip.quantity == D("2.6667")
    assert [lot.quantity for lot in trip.lots] == [D("0.6667"), D("0.6666"), D("0.6667"), D("0.6667")]


def test_a_contract_that_becomes_another_goes_on() -> None:
    adjusted = replace(P60, con_id=99, local_symbol="KO1 P60", multiplier=D(150))
    change = Change("deliverable", 2, adjusted, START + timedelta(days=1))
    late = fill(3, adjusted, 1, "1")
    (trip,) = Book([late, fill(0, P60, -1, "2")], [change]).trips
    assert (trip.is_closed, trip.net, trip.terms.con_id) == (True, 50, 99)  # 2 × 100 − 1 × 150


def test_premium_by_open_date_by_close_date_and_accrued() -> None:
    terms = option(9, 50, "P", date(2026, 1, 14))  # ten days, the first and the last included
    trips = Book([fill(0, terms, -1, "1.00", fee="1"), fill(4, terms, 1, "0.30", fee="1")]).trips
    (sold,) = sales(trips)
    until = date(2026, 2, 1)
    opened = income([sold], PremiumView.OPEN, until)["USD"]
    closed = income([sold], PremiumView.CLOSE, until)["USD"]
    assert {day: (i.premium, i.buy_backs, i.net, i.fees) for day, i in opened.items()} == {
        date(2026, 1, 5): (100, -30, 70, 2)
    }
    assert list(closed) == [date(2026, 1, 9)]
    days = income([sold], PremiumView.ACCRUED, until)["USD"]
    assert [day.premium for day in days.values()] == [10, 10, 10, 10, 60]
    assert [day.buy_backs for day in days.values()] == [0, 0, 0, 0, -30]
    assert accrued(sold, date(2026, 1, 7)) == 30
    assert income([sold], PremiumView.CLOSE, date(2026, 1, 8)) == {}


def test_what_was_held_before_anything_is_known_has_no_result() -> None:
    before = Fill("before", P60, START, START.date(), D(-1), None, "opening")
    book = Book([before, fill(3, P60, 1, "0.20")])
    (trip,) = book.trips
    assert trip.is_partial
    assert statistics(outcomes(book, Unit.CHAIN)).unknown == 1
    assert list(sales(book.trips)) == []
    (known,) = Book([replace(before, price=D("0.50")), fill(3, P60, 1, "0.20")]).trips
    assert (known.is_partial, known.net) == (False, 30)


def test_fees_in_another_currency_stand_apart() -> None:
    foreign = replace(fill(0, KO, 1, "50", fee="2"), fee_currency="EUR")
    (trip,) = Book([foreign]).trips
    assert (trip.net, trip.foreign_fees) == (-50, {"EUR": 2})
    assert standing(Book([foreign]), [], {1: D(51)})["EUR"].pnl == -2


def test_a_mark_that_is_missing_is_said() -> None:
    with pytest.raises(UnknownMarkError, match="KO"):
        standing(Book(WHEEL[:5]), [], {})


def test_one_booking_of_shares_for_two_assignments() -> None:
    fills = [
        fill(0, P55, -3, "1"), fill(5, P55, 1, "0", "assignment", key="x1"), fill(5, P55, 2, "0", "assignment", key="x2"),
        fill(5, KO, 300, "55", "assignment"),
    ]  # fmt: skip
    option_, shares = Book(fills).trips
    assert (option_.carried, shares.broker_basis) == (-300, 300 * 55 - 300)


def test_assignments_of_another_session_or_strike_move_no_premium() -> None:
    for day, price in ((6, "55"), (5, "56")):
        option_, shares = Book(
            [fill(0, P55, -1, "1"), fill(5, P55, 1, "0", "assignment"), fill(day, KO, 100, price, "assignment")]
        ).trips
        assert option_.carried == shares.carried == 0
