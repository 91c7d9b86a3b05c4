"""The world: deterministic for a seed, true to its books across sessions, sensible after weeks."""

from __future__ import annotations

import json
import statistics
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.simulator.bars import History
from data.simulator.calendar import ZONE, Hours
from data.simulator.genesis import open_books
from data.simulator.instruments import UNDERLYINGS, by_con_id, option, stock
from data.simulator.orders import Leg, Order
from data.simulator.trader import Trader
from data.simulator.world import Executed, OrderChanged, RejectedError, World

ACCOUNT = "DU9000001"
TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=ZONE).timestamp()
DAY = 86400.0


def world(seed: int = 1, moment: float = TUESDAY, always: bool = True) -> World:
    fresh = World(seed, moment, [ACCOUNT], Hours(always=always))
    open_books(fresh)
    return fresh


def bare(price: float = 100.0) -> World:
    """A world with cash only, and DIS at a round price."""
    empty = World(1, TUESDAY, [ACCOUNT], Hours())
    empty.accounts[ACCOUNT].cash = Decimal("500000.00")
    empty.market.set_price("DIS", price)
    return empty


def order(con_id: int, action: str, quantity: int, **terms) -> Order:
    symbol = by_con_id(con_id).symbol if con_id else terms.pop("symbol")
    kind = terms.pop("order_type", "LMT")
    return Order(ACCOUNT, 1, terms.pop("order_id", 1), 0, con_id, symbol, action, quantity, kind, **terms)


def run(place: World, seconds: float, step: float = 0.25) -> None:
    for n in range(round(seconds / step)):
        place.step(TUESDAY + (n + 1) * step)


def statuses(place: World) -> list[str]:
    return [event.order.status for event in place.events if isinstance(event, OrderChanged)]


def test_same_seed_same_world():
    one, two, other = world(7), world(7), world(8)
    traders = [Trader(ACCOUNT) for _ in range(3)]
    for n in range(2000):
        for place, trader in zip((one, two, other), traders, strict=True):
            place.step(TUESDAY + n * 0.25)
            trader.act(place)
    assert one.dump() == two.dump()
    assert one.dump()["market"] != other.dump()["market"]
    assert one.executions


def test_a_world_goes_on_from_its_state():
    one = world()
    run(one, 30)
    two = World(1, TUESDAY, [ACCOUNT], Hours())
    two.load(json.loads(json.dumps(one.dump())))
    assert two.dump() == one.dump()
    one.step(TUESDAY + 31)
    two.step(TUESDAY + 31)
    assert two.dump() == one.dump()


def test_the_opening_book_is_a_wheel_sellers():
    for seed in range(5):
        place = world(seed)
        value = place.valuation(ACCOUNT)
        assert 100_000 < value.net_liquidation < 250_000
        assert 25 <= len(value.lines) <= 32
        assert len({line.instrument.symbol for line in value.lines}) >= 12
        assert value.available_funds > value.net_liquidation / 3
        for line in value.lines:
            if line.instrument.right == "C":
                assert place.accounts[ACCOUNT].quantity(stock(line.instrument.symbol).con_id) >= -100 * line.quantity
        today = place.todays_executions()
        assert 5 <= len(today) <= 10
        assert all(x.moment < TUESDAY for x in today)


@pytest.mark.parametrize("hours", [0.2, 1, 3, 9.5, 15.9, 16.1, 23.9, 4 * 24 + 0.2, 5 * 24 + 12, 6 * 24 + 0.1])
def test_a_world_born_at_any_hour_knows_the_trades_of_its_session(hours: float):
    place = world(moment=TUESDAY - 11 * 3600 + hours * 3600)
    assert len(place.todays_executions()) == len(place.executions) >= 5


def test_prices_stay_believable_and_move_together():
    place = World(3, TUESDAY, [ACCOUNT], Hours())
    logs: dict[str, list[float]] = {"SPY": [], "QQQ": [], "KO": [], "TLT": []}
    for n in range(500):
        place.step(TUESDAY + n * DAY)
        for symbol, series in logs.items():
            series.append(place.market.stocks[symbol].spot)
    for spec in UNDERLYINGS:
        assert 0.25 < place.market.stocks[spec.symbol].spot / spec.price < 4
    assert correlation(logs["SPY"], logs["QQQ"]) > 0.7
    assert correlation(logs["SPY"], logs["TLT"]) < 0.1


def correlation(a: list[float], b: list[float]) -> float:
    returns = [[y / x - 1 for x, y in pairwise(series)] for series in (a, b)]
    return statistics.correlation(*returns)


def test_a_limit_order_is_accepted_works_and_fills_in_parts():
    place = bare()
    put = option("DIS", "20261218", 98.0, "P")
    place.place(order(put.con_id, "SELL", 7, limit=0.05))
    run(place, 3)
    assert statuses(place) == ["PreSubmitted", "Submitted", "Submitted", "Filled"]
    fills = [event.execution for event in place.events if isinstance(event, Executed)]
    assert [f.quantity for f in fills] == [5, 2]
    assert [f.cumulative for f in fills] == [5, 7]
    assert all(Decimal(f.price) >= Decimal("0.05") for f in fills)
    assert place.accounts[ACCOUNT].quantity(put.con_id) == -7


def test_a_limit_far_from_the_market_waits():
    place = bare()
    put = option("DIS", "20261218", 98.0, "P")
    waiting = place.place(order(put.con_id, "SELL", 1, limit=50.0))
    run(place, 5)
    assert waiting.status == "Submitted"
    place.cancel(waiting)
    assert waiting.status == "Cancelled"
    assert not place.executions


def test_a_stop_waits_for_its_price():
    place = bare()
    place.place(order(stock("DIS").con_id, "BUY", 100, order_type="MKT"))
    stop = place.place(order(stock("DIS").con_id, "SELL", 100, order_type="STP", aux=95.0, order_id=2))
    run(place, 2)
    assert stop.status == "PreSubmitted"
    place.market.set_price("DIS", 94.0)
    place.step(TUESDAY + 3)
    place.step(TUESDAY + 4)
    assert stop.status == "Filled"


def test_a_roll_fills_as_one_and_moves_two_legs():
    place = bare()
    near, far = option("DIS", "20261211", 98.0, "P"), option("DIS", "20270115", 96.0, "P")
    place.place(order(near.con_id, "SELL", 2, order_type="MKT"))
    run(place, 2)
    legs = [Leg(near.con_id, 1, "BUY"), Leg(far.con_id, 1, "SELL")]
    roll = place.place(order(0, "BUY", 2, symbol="DIS", limit=5.0, legs=legs, order_id=2))
    run(place, 4)
    assert roll.status == "Filled"
    summary, *fills = [x for x in place.executions if x.order_id == 2]
    assert summary.con_id == 0
    assert Decimal(fills[0].price) - Decimal(fills[1].price) == Decimal(summary.price)
    books = place.accounts[ACCOUNT]
    assert books.quantity(near.con_id) == 0
    assert books.quantity(far.con_id) == -2


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"limit": None}, 321),
        ({"limit": 1.234}, 110),
        ({"limit": 1.0, "order_type": "TRAIL"}, 387),
    ],
)
def test_orders_that_cannot_be_taken(terms: dict, code: int):
    with pytest.raises(RejectedError) as caught:
        bare().place(order(stock("DIS").con_id, "BUY", 1, **terms))
    assert caught.value.code == code


def test_expiry_assigns_what_is_in_the_money_and_drops_the_rest():
    place = bare()
    friday = "20261127"
    for strike in (95.0, 105.0):
        place.place(order(option("DIS", friday, strike, "P").con_id, "SELL", 1, order_type="MKT", order_id=int(strike)))
    run(place, 2)
    cash = place.accounts[ACCOUNT].cash
    place.market.stocks["DIS"].anchor = place.market.stocks["DIS"].spot = 100.0
    place.step(TUESDAY + 3 * DAY + 3600 * 3)  # Friday 14:00: the early close was at 13:00
    books = place.accounts[ACCOUNT]
    assert place.session == date(2026, 11, 30)
    assert books.holdings.keys() == {stock("DIS").con_id}
    assert books.quantity(stock("DIS").con_id) == 100
    assert books.cash == cash - 10_500
    assert [x.price for x in place.executions if x.order_id == 0] == ["0", "0", "105.0"]


def test_an_ex_date_moves_price_accrual_and_cash():
    place = bare()
    ko = stock("KO")
    place.place(order(ko.con_id, "BUY", 200, order_type="MKT"))
    run(place, 2)
    assert place.accounts[ACCOUNT].quantity(ko.con_id) == 200
    cash = place.accounts[ACCOUNT].cash
    place.step(datetime(2026, 12, 14, 12, 0, tzinfo=ZONE).timestamp())  # ex on Monday the 14th
    assert place.accounts[ACCOUNT].accrued_dividends == Decimal("102.00")
    place.step(datetime(2026, 12, 29, 12, 0, tzinfo=ZONE).timestamp())
    assert place.accounts[ACCOUNT].accrued_dividends == 0
    assert place.accounts[ACCOUNT].cash == cash + 102


def test_weeks_later_the_account_is_still_in_business():
    place = world()
    trader = Trader(ACCOUNT)
    for _ in range(25):
        place.step(place.hours.session_end(place.session))
        trader.catch_up(place)
    value = place.valuation(ACCOUNT)
    assert place.session == date(2026, 12, 31)
    assert len(value.lines) >= 20
    assert value.available_funds > 0
    assert all(line.instrument.expiry_date >= place.session for line in value.lines if line.instrument.is_option)
    assert abs(value.net_liquidation / 200_000 - 1) < 0.3


def test_a_correction_replaces_the_price_in_the_books():
    place = bare()
    place.place(order(stock("DIS").con_id, "BUY", 100, order_type="MKT"))
    run(place, 2)
    first = place.executions[-1]
    before = place.accounts[ACCOUNT].cash
    corrected = place.correct(first.exec_id, Decimal(first.price) - 1)
    assert corrected.exec_id == first.exec_id[:-2] + "02"
    assert place.accounts[ACCOUNT].cash == before + 100
    assert place.correct(first.exec_id, Decimal(first.price)).exec_id.endswith(".03")
    assert place.accounts[ACCOUNT].cash == before
    with pytest.raises(KeyError):
        place.correct("no.such.fill.01", Decimal(1))


@given(
    st.lists(
        st.tuples(st.sampled_from(["step", "fill", "assign", "expire", "correct", "roll"]), st.integers(0, 9999)),
        max_size=15,
    )
)
def test_the_world_conserves_value(events: list[tuple[str, int]]):
    """Cash and cost move only by realized P&L and dividends, through anything that can happen."""
    place = world()
    books = place.accounts[ACCOUNT]

    def base() -> Decimal:
        cost = sum((h.cost for h in books.holdings.values()), Decimal(0))
        return books.cash + cost - books.realized_total + books.accrued_dividends

    expected = base()
    for kind, number in events:
        held = sorted(books.holdings)
        options = [c for c in held if by_con_id(c).is_option]
        if kind in ("step", "roll"):
            before, session = base(), place.session
            place.step(place.moment + number if kind == "step" else place.hours.session_end(session))
            if place.session == session:
                assert base() == before
            expected += base() - before  # across a session's end, dividends may come in from outside
        elif kind == "fill":
            con_id = held[number % len(held)]
            sent = place.place(order(con_id, "BUY" if number % 2 else "SELL", 1 + number % 3, order_type="MKT"))
            place.fill(sent, sent.quantity, place.market.mark(by_con_id(con_id)).quantize(Decimal("0.01")))
        elif kind == "assign" and options:
            place.assign(ACCOUNT, by_con_id(options[number % len(options)]), 1, executions=bool(number % 2))
        elif kind == "expire" and options:
            place.settle(ACCOUNT, by_con_id(options[number % len(options)]))
        elif kind == "correct" and place.executions:
            place.correct(place.executions[-1].exec_id, Decimal(number) / 100)
    assert base() == expected


@given(
    st.sampled_from(UNDERLYINGS),
    st.integers(1, 4095),
    st.dates(date(2026, 1, 1), date(2040, 1, 1)),
    st.sampled_from("CP"),
)
def test_contract_ids_are_a_code(spec, half_dollars: int, expiry: date, right: str):
    if spec.has_options:
        made = option(spec.symbol, f"{expiry:%Y%m%d}", half_dollars / 2, right)
        assert by_con_id.__wrapped__(made.con_id) == made
        assert 0 < made.con_id < 2**31


@pytest.mark.parametrize("con_id", [0, -5, 1, 99_999_999, 1_900_000_000, 2**31, 10**12])
def test_ids_that_stand_for_nothing(con_id: int):
    with pytest.raises(KeyError):
        by_con_id(con_id)


def test_recorded_days_stay_what_they_were():
    place = bare()
    history = History(place.market, place.hours)
    place.step(TUESDAY + 10 * DAY)
    first = history.bars("SPY", place.moment, 30 * DAY, 86400, regular=True)
    place.step(TUESDAY + 15 * DAY)
    known = {bar.start: bar for bar in history.bars("SPY", place.moment, 35 * DAY, 86400, regular=True)}
    assert len(first) > 15
    assert all(known[bar.start] == bar for bar in first[1:-1])
    assert known[max(known)].close == place.market.stocks["SPY"].last


def ticks(moment: datetime) -> int:
    place = World(1, moment.timestamp(), [ACCOUNT], Hours(always=False))
    return sum(len(place.step(moment.timestamp() + n * 0.25)) for n in range(1, 400))


def test_real_hours_tick_in_the_session_thinly_around_it_and_not_at_night():
    day = datetime(2026, 11, 24, tzinfo=ZONE)
    opened, before, after = (ticks(day.replace(hour=hour)) for hour in (11, 7, 18))
    assert opened > 500
    assert 0 < before < opened / 3
    assert 0 < after < opened / 3
    assert ticks(day.replace(hour=2)) == 0
    assert ticks(day.replace(day=28, hour=12)) == 0


def test_real_hours_hold_orders_until_the_open():
    night = datetime(2026, 11, 24, 2, 0, tzinfo=ZONE).timestamp()
    place = World(1, night, [ACCOUNT], Hours(always=False))
    place.accounts[ACCOUNT].cash = Decimal("500000.00")
    waiting = place.place(order(stock("DIS").con_id, "BUY", 100, order_type="MKT"))
    early = place.place(order(stock("KO").con_id, "BUY", 100, order_type="MKT", order_id=2, outside_rth=True))
    place.step(night + 60)
    assert {waiting.status, early.status} == {"PreSubmitted"}
    for second in range(3):
        place.step(datetime(2026, 11, 24, 4, 1, second, tzinfo=ZONE).timestamp())
    assert (waiting.status, early.status) == ("PreSubmitted", "Filled")
    for second in range(3):
        place.step(datetime(2026, 11, 24, 9, 31, second, tzinfo=ZONE).timestamp())
    assert waiting.status == "Filled"


def test_weeks_of_real_hours_still_move_prices():
    place = World(1, TUESDAY, [ACCOUNT], Hours(always=False))
    before = {symbol: state.spot for symbol, state in place.market.stocks.items()}
    place.step(TUESDAY + 28 * DAY)
    moved = [abs(place.market.stocks[s].spot / p - 1) for s, p in before.items() if s != "SGOV"]
    assert 0.01 < statistics.median(moved) < 0.25


def test_the_house_trader_trades_all_day_and_does_not_bleed():
    place = world(2)
    trader = Trader(ACCOUNT)
    before = len(place.executions)
    for n in range(1, 4800):
        place.step(TUESDAY + n * 3.75)  # five hours, to the end of the session
        trader.act(place)
    fills = len(place.executions) - before
    assert 40 < fills < 200
    assert place.accounts[ACCOUNT].realized_total > 0
    assert all(order.ref.startswith("wheel:") for order in place.orders.values())


def test_an_order_in_the_queue_waits_and_one_behind_it_does_not_trade():
    place = bare()
    put = option("DIS", "20261218", 98.0, "P")
    quote = place.market.quote(put)
    queued = place.place(order(put.con_id, "SELL", 1, limit=quote.ask))
    behind = place.place(order(put.con_id, "SELL", 1, limit=round(quote.ask + 0.5, 2), order_id=2))
    place.step(TUESDAY + 0.25)
    for n in range(600):
        place.market.set_price("DIS", 100.0)  # the quote stays where it is
        place.step(TUESDAY + 0.5 + n * 0.5)
    assert queued.status == "Filled"
    assert behind.status == "Submitted"
