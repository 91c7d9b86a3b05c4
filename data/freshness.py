"""How far the numbers may be trusted to be of now. Pure: what is known and the clock in, one word and its reason out.

Ages are never cached: a poller that dies says nothing, so that only the clock can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.model import Freshness, GatewayState, MarketPhase, PollerStatus

HEARTBEAT_LIMIT = timedelta(seconds=10)
TICKING_LIMIT = timedelta(seconds=30)  # an open market and something held: prices move all the time
RESTING_LIMIT = timedelta(seconds=200)  # else only account values come, which the broker repeats every three minutes

FROZEN_TYPES = frozenset({2, 4})
DELAYED_TYPE = 3

# States of the link in which no datum can come, with the sentence for when the poller gave no reason of its own.
DOWN: dict[GatewayState, str] = {
    GatewayState.CONNECTING: "The connection to the gateway is being made.",
    GatewayState.DISCONNECTED: "The gateway is not connected; it is tried again.",
    GatewayState.REFUSED: "The gateway refuses the connection: check that it runs and that its API port is open.",
    GatewayState.RESTARTING: "The gateway restarts; it comes back by itself.",
    GatewayState.WAITING_FOR_LOGIN: "The gateway waits for somebody to log in or to confirm the second factor.",
    GatewayState.CLIENT_ID_IN_USE: "Another program uses this API client id: choose another one.",
    GatewayState.OTHER_LOGIN: "Another log-in of the same user took the session.",
    GatewayState.UNKNOWN_ACCOUNT: "The gateway doesn't know the account that is configured.",
    GatewayState.WRONG_SOURCE: "This database belongs to another source.",
}
SHAKY: dict[GatewayState, str] = {
    GatewayState.SILENT: "The gateway's socket is open, but it doesn't answer.",
    GatewayState.BROKER_UNREACHABLE: "The gateway lost the broker's servers.",
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The word, why it isn't `live` (None when it is), and the newest datum it is about."""

    freshness: Freshness
    reason: str | None
    as_of: datetime | None


def assess(
    status: PollerStatus | None,
    now: datetime,
    as_of: datetime | None,
    holds_positions: bool,
    database_away: str | None = None,
) -> Assessment:
    """Judge an account's numbers.

    Args:
        status: the poller's last word, None when it never spoke.
        now: the clock, UTC.
        as_of: when the newest datum came from the broker; heartbeats don't count.
        holds_positions: whether anything is held that ticks.
        database_away: why the database can't be read, None when it can.
    """

    def verdict(freshness: Freshness, reason: str | None) -> Assessment:
        return Assessment(freshness, reason, as_of)

    if database_away is not None:
        return verdict(Freshness.OFFLINE, database_away)
    if status is None or now - status.heartbeat_at > HEARTBEAT_LIMIT:
        return verdict(Freshness.OFFLINE, POLLER_DOWN)
    state = status.gateway_state
    if state in DOWN:
        return verdict(Freshness.OFFLINE, status.gateway_reason or DOWN[state])
    if state in SHAKY:
        return verdict(Freshness.STALE, status.gateway_reason or SHAKY[state])
    if as_of is None:
        return verdict(Freshness.STALE, "The broker has sent no account values yet.")
    if status.market_phase is MarketPhase.CLOSED:
        return verdict(Freshness.CLOSED, "The market is closed.")
    if status.market_data_type in FROZEN_TYPES:
        return verdict(Freshness.FROZEN, "The broker sends the last values of the closed market.")
    limit = TICKING_LIMIT if holds_positions and status.market_phase is MarketPhase.OPEN else RESTING_LIMIT
    if now - as_of > limit:
        return verdict(Freshness.STALE, f"Nothing new from the broker for more than {limit.seconds} s.")
    if status.market_data_type == DELAYED_TYPE:
        return verdict(Freshness.DELAYED, "The broker sends delayed prices: there is no market data subscription.")
    return verdict(Freshness.LIVE, None)


POLLER_DOWN = "The poller is not running: `mtz run` starts it by itself, `mtz poll` starts it alone."


def age_s(since: datetime | None, now: datetime) -> float | None:
    """Seconds from `since` to `now`, never negative (clocks of two machines differ), None when not known."""
    return None if since is None else max(0.0, round((now - since).total_seconds(), 1))
