"""The one judgement of how far the numbers may be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.freshness import DOWN, HEARTBEAT_LIMIT, POLLER_DOWN, RESTING_LIMIT, SHAKY, TICKING_LIMIT, age_s, assess
from data.model import Freshness, GatewayState, MarketPhase, PollerStatus

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

STATUS = PollerStatus(
    account="DU1",
    heartbeat_at=NOW,
    started_at=NOW - timedelta(hours=1),
    gateway_state=GatewayState.CONNECTED,
    gateway_reason=None,
    gateway_since=NOW - timedelta(hours=1),
    gateway_address="127.0.0.1:4002",
    client_id=30,
    market_data_type=1,
    market_phase=MarketPhase.OPEN,
)

ages = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
statuses = st.builds(
    lambda state, reason, heartbeat, kind, phase: replace(
        STATUS,
        gateway_state=state,
        gateway_reason=reason,
        heartbeat_at=NOW - heartbeat,
        market_data_type=kind,
        market_phase=phase,
    ),
    st.sampled_from(GatewayState),
    st.none() | st.just("why"),
    ages,
    st.sampled_from([None, 1, 2, 3, 4]),
    st.none() | st.sampled_from(MarketPhase),
)


def test_an_open_market_that_ticks_is_live() -> None:
    seen = assess(STATUS, NOW, NOW - TICKING_LIMIT, True)
    assert (seen.freshness, seen.reason) == (Freshness.LIVE, None)


@pytest.mark.parametrize(
    ("change", "age", "holds", "word"),
    [
        ({}, TICKING_LIMIT + SECOND, True, Freshness.STALE),
        ({}, TICKING_LIMIT + SECOND, False, Freshness.LIVE),  # without positions only account values come
        ({}, RESTING_LIMIT, False, Freshness.LIVE),
        ({}, RESTING_LIMIT + SECOND, False, Freshness.STALE),
        ({"market_phase": MarketPhase.PRE}, RESTING_LIMIT, True, Freshness.LIVE),
        ({"market_phase": MarketPhase.POST}, RESTING_LIMIT + SECOND, True, Freshness.STALE),
        ({"market_phase": MarketPhase.CLOSED}, timedelta(days=2), True, Freshness.CLOSED),
        ({"market_data_type": 2}, timedelta(minutes=10), True, Freshness.FROZEN),
        ({"market_data_type": 3}, SECOND, True, Freshness.DELAYED),
        ({"market_data_type": 3}, TICKING_LIMIT + SECOND, True, Freshness.STALE),  # a delayed feed moves too
        ({"market_data_type": 4}, timedelta(minutes=10), True, Freshness.FROZEN),
        ({"market_data_type": None}, SECOND, True, Freshness.LIVE),
        ({"heartbeat_at": NOW - HEARTBEAT_LIMIT}, SECOND, True, Freshness.LIVE),
        ({"heartbeat_at": NOW - HEARTBEAT_LIMIT - SECOND}, SECOND, True, Freshness.OFFLINE),
        ({"heartbeat_at": NOW + timedelta(minutes=1)}, SECOND, True, Freshness.LIVE),  # the poller's clock is ahead
    ],
)
def test_each_rule_at_its_edge(change: dict[str, object], age: timedelta, holds: bool, word: Freshness) -> None:
    assert assess(replace(STATUS, **change), NOW, NOW - age, holds).freshness is word  # type: ignore[arg-type]


@pytest.mark.parametrize("state", DOWN)
def test_a_link_that_is_down_is_offline_and_says_why(state: GatewayState) -> None:
    seen = assess(replace(STATUS, gateway_state=state), NOW, NOW, True)
    assert seen.freshness is Freshness.OFFLINE
    assert seen.reason == DOWN[state]
    told = assess(replace(STATUS, gateway_state=state, gateway_reason="the gateway's own words"), NOW, NOW, True)
    assert told.reason == "the gateway's own words"


@pytest.mark.parametrize("state", SHAKY)
def test_a_link_that_hangs_is_stale(state: GatewayState) -> None:
    assert assess(replace(STATUS, gateway_state=state), NOW, NOW, True).freshness is Freshness.STALE


def test_every_state_of_the_link_is_judged() -> None:
    assert {*DOWN, *SHAKY, GatewayState.CONNECTED} == set(GatewayState)


def test_a_poller_that_never_spoke_is_offline() -> None:
    assert assess(None, NOW, NOW, True).reason == POLLER_DOWN


def test_no_datum_is_never_live() -> None:
    assert assess(STATUS, NOW, None, False).freshness is Freshness.STALE


@given(statuses, st.none() | ages, st.booleans())
def test_live_is_never_said_of_old_numbers(status: PollerStatus, age: timedelta | None, holds: bool) -> None:
    as_of = None if age is None else NOW - age
    seen = assess(status, NOW, as_of, holds)
    assert seen.as_of == as_of
    assert (seen.reason is None) == (seen.freshness is Freshness.LIVE)
    if seen.freshness in (Freshness.LIVE, Freshness.DELAYED):
        assert age is not None
        assert age <= RESTING_LIMIT
        assert NOW - status.heartbeat_at <= HEARTBEAT_LIMIT
        assert status.gateway_state is GatewayState.CONNECTED
        assert status.market_phase is not MarketPhase.CLOSED


@given(statuses, ages, st.booleans(), ages)
def test_time_alone_never_makes_numbers_live(
    status: PollerStatus, age: timedelta, holds: bool, later: timedelta
) -> None:
    before = assess(status, NOW, NOW - age, holds).freshness
    after = assess(status, NOW + later, NOW - age, holds).freshness
    if before is not Freshness.LIVE:
        assert after is not Freshness.LIVE


@given(statuses, ages, st.booleans())
def test_a_database_that_is_away_outweighs_everything(status: PollerStatus, age: timedelta, holds: bool) -> None:
    seen = assess(status, NOW, NOW - age, holds, "it is away")
    assert (seen.freshness, seen.reason) == (Freshness.OFFLINE, "it is away")


@given(st.integers(-10_000, 10_000))
def test_an_age_is_never_negative(seconds: int) -> None:
    assert age_s(NOW - timedelta(seconds=seconds), NOW) == max(0, seconds)
    assert age_s(None, NOW) is None
