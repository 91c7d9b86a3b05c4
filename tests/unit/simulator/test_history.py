"""The told past: the same for a seed, exact to the cent, and one with the bars and the gateway that goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from data import bulk, model
from data.simulator import samples
from data.simulator.bars import History as Bars
from data.simulator.calendar import ZONE, Hours, sessions
from data.simulator.genesis import open_books
from data.simulator.history import FIRST_DEPOSIT, History
from data.simulator.instruments import by_con_id, stock
from data.simulator.pastbot import STRATEGIES
from data.simulator.paths import Paths
from data.simulator.records import CashFlow
from data.simulator.world import World

ACCOUNT = "DU9000001"
TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=ZONE).timestamp()
AT = {name: n for n, name in enumerate(bulk.PORTFOLIO_COLUMNS)}
OF = {name: n for n, name in enumerate(bulk.POSITION_COLUMNS)}


@dataclass
class Past:
    """A past told to its end."""

    history: History
    portfolio: list[Any] = field(default_factory=list)
    positions: list[Any] = field(default_factory=list)
    executions: list[model.Execution] = field(default_factory=list)
    orders: list[model.Order] = field(default_factory=list)
    flows: list[CashFlow] = field(default_factory=list)

    def rows(self) -> tuple[Any, ...]:
        return self.portfolio, self.positions, self.executions, self.orders, self.flows


def tell(days: int, seed: int = 1, end: float = TUESDAY, always: bool = True) -> Past:
    past = Past(History(seed, days, end, ACCOUNT, Hours(always=always)))
    for chapter in past.history.tell():
        for name in ("portfolio", "positions", "executions", "orders", "flows"):
            getattr(past, name).extend(getattr(chapter, name))
    return past


@pytest.fixture(scope="module")
def quarter() -> Past:
    """A past that the tests of this module read and leave alone."""
    return tell(90, seed=5)


def test_the_same_seed_tells_the_same_past():
    one, two, other = tell(6), tell(6), tell(6, seed=2)
    assert one.rows() == two.rows()
    assert one.history.state() == two.history.state()
    assert one.executions != other.executions


def test_an_hour_later_the_past_is_the_same_one():
    early, late = tell(6), tell(6, end=TUESDAY + 3600)
    assert late.portfolio[: len(early.portfolio) - 1] == early.portfolio[:-1]
    assert late.executions[: len(early.executions)] == early.executions
    assert late.flows[: len(early.flows)] == early.flows


def test_cash_is_flows_and_fills_and_commissions_to_the_cent(quarter: Past):
    booked = [(flow.ts, flow.amount) for flow in quarter.flows]
    for fill in quarter.executions:
        signed = fill.quantity if fill.side == "BOT" else -fill.quantity
        paid = signed * fill.price * Decimal(int(fill.contract.multiplier))
        booked.append((fill.time, -paid - (fill.commission or 0)))
    booked.sort(key=lambda item: item[0])
    cash, n = Decimal(0), 0
    for row in quarter.portfolio:
        while n < len(booked) and booked[n][0] <= row[AT["ts"]]:
            cash += booked[n][1]
            n += 1
        assert Decimal(str(row[AT["cash"]])) == cash, row[AT["ts"]]
    assert n == len(booked)


def test_net_liquidation_is_cash_and_positions_where_both_were_sampled(quarter: Past):
    worth: dict[datetime, float] = {}
    for row in quarter.positions:
        worth[row[OF["ts"]]] = worth.get(row[OF["ts"]], 0.0) + row[OF["market_value"]]
    rows = {row[AT["ts"]]: row for row in quarter.portfolio}
    # The rest is what is earned and not yet paid: it changes with ex-dates and payments only.
    rest = [round(rows[ts][AT["net_liquidation"]] - rows[ts][AT["cash"]] - worth[ts], 2) for ts in sorted(worth)]
    dividends = [flow.amount for flow in quarter.flows if flow.kind == "dividend"]
    assert rest[0] == 0
    assert max(rest) >= max(dividends)
    assert min(rest) >= 0
    assert sum(a != b for a, b in pairwise(rest)) <= 2 * len(dividends) + 4


def test_a_quarter_looks_like_a_premium_sellers(quarter: Past):
    trades = [x for x in quarter.executions if x.kind is model.ExecutionKind.TRADE]
    assert 40 <= len(trades) <= 130
    assert all(x.commission for x in trades)
    by_hand = [x.contract.symbol for x in trades if x.order_ref is None]
    assert by_hand == ["SGOV", "SPY"]
    refs = [x.order_ref.split(":") for x in trades if x.order_ref]
    assert {strategy for _, strategy, _ in refs} == STRATEGIES.keys()
    assert all(
        bot == "demo" and x.contract.symbol == symbol for (bot, _, symbol), x in zip(refs, trades[2:], strict=True)
    )
    kinds = {x.kind for x in quarter.executions}
    assert model.ExecutionKind.ASSIGNMENT in kinds
    assert model.ExecutionKind.EXPIRY in kinds
    closed = [x.realized_pnl for x in trades if x.realized_pnl is not None]
    assert 0.6 < sum(pnl > 0 for pnl in closed) / len(closed) < 0.97
    assert {flow.kind for flow in quarter.flows} == {"deposit", "withdrawal", "dividend", "interest"}
    daily = {row[AT["session_date"]]: row[AT["daily_pnl"]] for row in quarter.portfolio}
    losses = sum(pnl < 0 for pnl in daily.values())
    assert 0.2 < losses / len(daily) < 0.7


def test_samples_lie_in_their_sessions_a_minute_apart(quarter: Past):
    assert quarter.portfolio[0][AT["net_liquidation"]] == float(FIRST_DEPOSIT)
    days = Hours(always=True)
    for before, row in pairwise(quarter.portfolio):
        assert row[AT["ts"]] > before[AT["ts"]]
    for row in quarter.portfolio[::97] + quarter.positions[::97]:
        ts, day = (
            (row[AT["ts"]], row[AT["session_date"]])
            if len(row) == len(AT)
            else (row[OF["ts"]], row[OF["session_date"]])
        )
        assert days.session_date(ts.timestamp()) == day
    per_day: dict[date, int] = {}
    for row in quarter.portfolio:
        per_day[row[AT["session_date"]]] = per_day.get(row[AT["session_date"]], 0) + 1
    whole = sorted(per_day)[:-1]
    assert {per_day[day] for day in whole} == {390}


@pytest.mark.parametrize("always", [True, False])
def test_bars_are_the_prices_that_samples_and_fills_had(always: bool):
    past = tell(12, always=always)
    market, answers = past.history.world.market, Bars(past.history.world.market, Hours(always=always))
    spy = stock("SPY").con_id
    closes = {row[OF["session_date"]]: row for row in past.positions if row[OF["con_id"]] == spy}
    bars = past.history.bars(spy)
    assert len(closes) >= len(bars["trades"])
    assert [bar.ts.date() for bar in bars["trades"]] == list(sessions(date(2026, 11, 12), date(2026, 11, 23)))
    for bar in bars["trades"]:
        (answer,) = [b for b in answers.bars("SPY", TUESDAY, 30 * 86400, 86400, True) if _day(b.start) == bar.ts.date()]
        assert (answer.open, answer.high, answer.low, answer.close) == (bar.open, bar.high, bar.low, bar.close)
        assert bar.low <= bar.close <= bar.high
        if row := closes.get(bar.ts.date()):  # the last sample of a session is of its last second
            assert row[OF["market_price"]] == bar.close
    for bar in bars["implied_vol"]:
        shown = answers.bars("SPY", TUESDAY, 30 * 86400, 86400, True, "OPTION_IMPLIED_VOLATILITY")
        (answer,) = [b for b in shown if _day(b.start) == bar.ts.date()]
        assert (answer.open, answer.high, answer.low, answer.close) == (bar.open, bar.high, bar.low, bar.close)
        assert 0.05 < bar.low <= bar.close <= bar.high < 0.6
    for fill in past.executions:
        if fill.contract.sec_type == "STK" and fill.kind is model.ExecutionKind.TRADE:
            _, high, low, *_ = market.days.get(fill.time.date().isoformat(), {}).get(fill.contract.symbol, [0, 1e9, 0])
            assert low - 0.01 <= fill.price <= high + 0.01


@pytest.mark.parametrize("size", [60, 300, 1800, 3600])
def test_bars_within_a_day_go_through_the_samples(size: int):
    past = tell(6)
    world = past.history.world
    paths = Paths.load(json.loads(json.dumps(past.history.path_state())), world)
    answers = Bars(world.market, Hours(), paths)
    spy = stock("SPY").con_id
    bars = {bar.start: bar for bar in answers.bars("SPY", TUESDAY, 8 * 86400, size, True)}
    sampled = [row for row in past.positions if row[OF["con_id"]] == spy]
    compared = 0
    for row in sampled:
        moment = row[OF["ts"]].timestamp() + 1
        if (bar := bars.get(moment - size)) and row[OF["session_date"]] < date(2026, 11, 24):
            assert bar.close == row[OF["market_price"]]
            assert bar.low <= bar.close <= bar.high
            compared += 1
    assert compared >= 3
    day = [bar for bar in bars.values() if _day(bar.start) == date(2026, 11, 23)]
    (whole,) = [
        bar for bar in answers.bars("SPY", TUESDAY, 8 * 86400, 86400, True) if _day(bar.start) == date(2026, 11, 23)
    ]
    assert (day[0].open, day[-1].close) == (whole.open, whole.close)
    assert min(bar.low for bar in day) >= whole.low
    assert max(bar.high for bar in day) <= whole.high
    assert sum(bar.volume for bar in day) == pytest.approx(whole.volume, rel=0.1)


def test_another_worlds_paths_are_left_alone():
    past = tell(2)
    other = World(2, TUESDAY, [ACCOUNT], Hours())
    assert Paths.load(past.history.path_state(), past.history.world).closes(date(2026, 11, 23), "SPY")
    assert Paths.load(past.history.path_state(), other).closes(date(2026, 11, 23), "SPY") is None
    assert Paths.load(None, other).closes(date(2026, 11, 23), "SPY") is None


def _day(start: float) -> date:
    return datetime.fromtimestamp(start, ZONE).date()


@pytest.mark.parametrize(
    ("end", "always"),
    [
        (datetime(2026, 11, 24, 10, 5, tzinfo=ZONE), False),  # in a session
        (datetime(2026, 11, 24, 17, 0, tzinfo=ZONE), False),  # after it, before its post market ends
        (datetime(2026, 11, 24, 23, 0, tzinfo=ZONE), False),  # at night
        (datetime(2026, 11, 28, 12, 0, tzinfo=ZONE), True),  # on a weekend after an early close
        (datetime(2026, 11, 30, 5, 0, tzinfo=ZONE), False),  # before the opening
        (datetime(2026, 11, 24, 16, 0, tzinfo=ZONE), True),  # at the very close
    ],
)
def test_a_past_ends_at_any_hour_and_goes_on(end: datetime, always: bool):
    past = tell(1, end=end.timestamp(), always=always)
    world = past.history.world
    assert past.portfolio[-1][AT["ts"]] == end.astimezone(UTC)
    assert [row[AT["ts"]] for row in past.portfolio] == sorted({row[AT["ts"]] for row in past.portfolio})
    later = World(1, end.timestamp(), [ACCOUNT], Hours(always=always))
    later.load(json.loads(json.dumps(past.history.state())))
    open_books(later)
    value = later.valuation(ACCOUNT)
    known = past.portfolio[-1]
    assert (float(value.cash), float(value.realized)) == (known[AT["cash"]], known[AT["realized_pnl"]])
    # Options are priced anew once a minute: less than that of time decay.
    assert float(value.net_liquidation) == pytest.approx(known[AT["net_liquidation"]], abs=5)
    assert float(value.daily) == pytest.approx(known[AT["daily_pnl"]], abs=5)
    assert later.market.pace(3600.0) == world.market.pace(3600.0) > 0
    later.step(end.timestamp() + 1)
    assert float(later.valuation(ACCOUNT).net_liquidation) == pytest.approx(float(value.net_liquidation), rel=2e-3)


def test_minutes_between_valuations_are_close_to_them():
    past = tell(3)
    world = past.history.world
    value = world.valuation(ACCOUNT)
    estimate = samples.Estimate(world.market, world.moment, value)
    for minute in range(1, 10):
        world.step(TUESDAY + minute * 60)
    known, whole = estimate.at(world.moment), samples.figures(world.valuation(ACCOUNT))
    assert known.cash == whole.cash
    assert known.net_liquidation == pytest.approx(whole.net_liquidation, abs=15)
    assert known.daily_pnl - past.portfolio[-1][AT["daily_pnl"]] == pytest.approx(
        known.net_liquidation - past.portfolio[-1][AT["net_liquidation"]], abs=0.02
    )


def test_greeks_are_those_of_the_wire(quarter: Past):
    options = [row for row in quarter.positions if by_con_id(row[OF["con_id"]]).is_option]
    for row in options[::53]:
        right = by_con_id(row[OF["con_id"]]).right
        assert row[OF["delta"]] * (1 if right == "C" else -1) >= 0
        assert -2 < row[OF["theta"]] <= 0.01
        assert 0 <= row[OF["vega"]] < 2
        assert 0.05 < row[OF["implied_vol"]] < 3
        assert row[OF["underlying_price"]] > 0
    assert all(row[OF["delta"]] is None for row in quarter.positions if not by_con_id(row[OF["con_id"]]).is_option)
