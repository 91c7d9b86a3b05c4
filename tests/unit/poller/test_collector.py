"""Which rows and samples a flush holds, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.model import Contract, Execution, Flush, GatewayState, Outage, Portfolio, Position
from data.poller.collector import Collector
from data.poller.options import PollerOptions

ACCOUNT = "DU1"
T0 = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
KO, PEP = (Contract(n, s, s, "STK", "USD") for n, s in ((1, "KO"), (2, "PEP")))


class Clock:
    def __init__(self) -> None:
        self.now = T0
        self.wakes = 0

    def __call__(self) -> datetime:
        return self.now

    def wake(self) -> None:
        self.wakes += 1

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def new_collector(clock: Clock) -> Collector:
    made = Collector(PollerOptions("postgresql://x", "h", 1, Path("/nowhere")), clock, clock.wake)
    made.on_account(ACCOUNT)
    made.on_state(GatewayState.CONNECTED, None)
    return made


@pytest.fixture
def collector(clock: Clock) -> Collector:
    return new_collector(clock)


def portfolio(clock: Clock, net: float) -> Portfolio:
    return Portfolio(ACCOUNT, clock.now, "USD", net_liquidation=net)


def position(clock: Clock, contract: Contract = KO, quantity: float = 100.0, value: float = 1.0) -> Position:
    return Position(ACCOUNT, contract, clock.now, quantity, market_value=value, realized_pnl=3.0)


def take(collector: Collector, clock: Clock) -> Flush:
    return collector.take(clock.now) or Flush(ACCOUNT)


def test_nothing_new_is_no_flush(collector: Collector, clock: Clock) -> None:
    assert collector.take(clock.now) is None


def test_the_newest_of_each_row_and_at_most_one_portfolio_sample_a_second(collector: Collector, clock: Clock) -> None:
    for n in range(30):  # three seconds, a change every tenth
        collector.on_portfolio(portfolio(clock, n))
        collector.on_portfolio(portfolio(clock, n + 0.5))
        flush = take(collector, clock)
        assert flush.portfolio is not None
        assert flush.portfolio.net_liquidation == n + 0.5
        assert len(flush.portfolio_samples) == (n % 10 == 0)
        clock.advance(0.1)


def test_a_change_that_was_too_early_for_a_sample_gets_one_when_its_second_is_over(
    collector: Collector, clock: Clock
) -> None:
    collector.on_portfolio(portfolio(clock, 1))
    take(collector, clock)
    clock.advance(0.5)
    collector.on_portfolio(portfolio(clock, 2))
    assert take(collector, clock).portfolio_samples == ()
    clock.advance(0.5)
    (sample,) = take(collector, clock).portfolio_samples
    assert (sample.portfolio.net_liquidation, sample.ts) == (2, clock.now)
    assert sample.portfolio.as_of == clock.now - timedelta(seconds=0.5)


def test_a_position_is_sampled_once_in_five_seconds_when_it_changed(collector: Collector, clock: Clock) -> None:
    seen = []
    for n in range(11):
        collector.on_position(position(clock, KO, value=n))
        if n == 3:
            collector.on_position(position(clock, PEP))
        seen += [(s.position.contract.symbol, n) for s in take(collector, clock).position_samples]
        clock.advance(1)
    assert seen == [("KO", 0), ("PEP", 3), ("KO", 5), ("KO", 10)]


def test_a_quiet_minute_is_sampled_only_while_the_feed_is_proven_alive(collector: Collector, clock: Clock) -> None:
    collector.on_portfolio(portfolio(clock, 1))
    collector.on_position(position(clock))
    take(collector, clock)
    sampled = []
    for second in range(1, 301):
        clock.advance(1)
        if second <= 150:
            collector.on_feed_proven(clock.now)
        flush = take(collector, clock)
        sampled += [second] * len(flush.portfolio_samples)
        assert len(flush.position_samples) == len(flush.portfolio_samples)
        # A heartbeat permits the sample and never moves as_of.
        assert all(s.portfolio.as_of == T0 for s in flush.portfolio_samples)
        assert flush.portfolio is None
    assert sampled == [60, 120]


def test_no_minute_sample_while_the_state_is_not_connected(collector: Collector, clock: Clock) -> None:
    collector.on_portfolio(portfolio(clock, 1))
    take(collector, clock)
    collector.on_state(GatewayState.BROKER_UNREACHABLE, "1100")
    clock.advance(90)
    collector.on_feed_proven(clock.now)
    assert take(collector, clock).portfolio_samples == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.03, 0.2, 0.9, 1.1, 4.0, 7.0]), st.booleans()), max_size=60))
def test_samples_keep_their_distance_and_no_change_stays_unsampled(steps: list[tuple[float, bool]]) -> None:
    clock = Clock()
    collector = new_collector(clock)
    sampled, value = [], 0.0
    for seconds, changes in steps:
        clock.advance(seconds)
        if changes:
            value += 1
            collector.on_portfolio(portfolio(clock, value))
        sampled += take(collector, clock).portfolio_samples
    clock.advance(1)
    sampled += take(collector, clock).portfolio_samples
    assert all(b.ts - a.ts >= timedelta(seconds=1) for a, b in pairwise(sampled))
    assert not value or sampled[-1].portfolio.net_liquidation == value


def test_a_closed_position_goes_and_leaves_its_last_figures(collector: Collector, clock: Clock) -> None:
    collector.on_position(position(clock))
    take(collector, clock)
    clock.advance(0.1)
    collector.on_position(position(clock, quantity=0.0, value=0.0))
    flush = take(collector, clock)
    assert (flush.removed, flush.positions) == ((1,), ())
    assert [(s.position.quantity, s.position.realized_pnl) for s in flush.position_samples] == [(0.0, 3.0)]


def test_rows_of_an_earlier_poller_stay_until_the_broker_has_listed_everything(
    collector: Collector, clock: Clock
) -> None:
    collector.stored = frozenset({1, 2})
    collector.refresh()
    assert collector.take(clock.now) is None
    collector.on_position(position(clock, KO))
    collector.on_held(frozenset({1}))
    flush = take(collector, clock)
    assert (flush.removed, [p.contract.con_id for p in flush.positions]) == ((2,), [1])


def test_after_a_database_outage_every_latest_row_is_written_again(collector: Collector, clock: Clock) -> None:
    collector.on_portfolio(portfolio(clock, 1))
    collector.on_position(position(clock, KO))
    collector.on_held(frozenset({1}))
    take(collector, clock)
    collector.stored = frozenset({1, 9})  # 9 was closed while nothing could be removed
    collector.refresh()
    flush = take(collector, clock)
    assert flush.portfolio is not None
    assert ([p.contract.con_id for p in flush.positions], flush.removed) == ([1], (9,))


def test_an_execution_is_passed_on_when_it_says_something_new(collector: Collector, clock: Clock) -> None:
    fill = Execution(ACCOUNT, "a.01", "a", 1, KO, T0, "BOT", Decimal(1), Decimal(2))
    paid = replace(fill, commission=Decimal(1))
    for one in (fill, fill, paid, paid):
        collector.on_execution(one)
    assert take(collector, clock).executions == (fill, paid)


def test_states_without_data_are_outages(collector: Collector, clock: Clock) -> None:
    collector.on_state(GatewayState.REFUSED, "nobody there")
    collector.on_state(GatewayState.WAITING_FOR_LOGIN, "log in")
    opened = take(collector, clock).outages
    assert opened[-1] == Outage(ACCOUNT, "gateway", T0, None, "log in")
    clock.advance(5)
    collector.on_state(GatewayState.CONNECTING, None)
    assert take(collector, clock).outages == ()
    collector.on_state(GatewayState.CONNECTED, None)
    assert take(collector, clock).outages == (replace(opened[-1], ended=clock.now),)
    collector.on_state(GatewayState.SILENT, "hm")
    assert [o.kind for o in take(collector, clock).outages] == ["feed"]


def test_nothing_is_stored_before_the_account_is_named(clock: Clock) -> None:
    collector = Collector(PollerOptions("postgresql://x", "h", 1, Path("/nowhere"), account=ACCOUNT), clock, clock.wake)
    collector.on_state(GatewayState.REFUSED, "nobody there")
    assert collector.take(clock.now) is None
    clock.advance(5)
    collector.on_account(ACCOUNT)
    collector.on_state(GatewayState.CONNECTED, None)
    assert take(collector, clock).outages[-1] == Outage(ACCOUNT, "gateway", T0, clock.now, "nobody there")


def test_nothing_moves_as_of_backwards(collector: Collector, clock: Clock) -> None:
    new = portfolio(clock, 2)
    collector.on_portfolio(new)
    collector.on_portfolio(replace(new, as_of=T0 - timedelta(seconds=1), net_liquidation=1.0))
    assert take(collector, clock).portfolio == new


def test_a_clock_that_is_set_back_does_not_stop_the_figures(collector: Collector, clock: Clock) -> None:
    collector.on_portfolio(portfolio(clock, 2))
    take(collector, clock)
    clock.advance(-2 * 86_400)
    new = portfolio(clock, 3)
    collector.on_portfolio(new)
    flush = take(collector, clock)
    assert flush.portfolio == new
    assert [sample.portfolio for sample in flush.portfolio_samples] == [new]
    assert collector.status.last_datum_at == new.as_of
