"""The board: what is known of every account at one instant, read in one round trip and judged by the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from data import rows
from data.freshness import POLLER_DOWN, Assessment, age_s, assess
from data.model import Freshness, GatewayState, PollerStatus, Source
from data.views import ComponentView, HealthView, SourceName

NO_GATEWAY = "not known"


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account's line. `newest` is the newest datum of its latest rows and of the poller's word."""

    account: str
    source: SourceName
    status: PollerStatus | None
    revisions: dict[str, int]
    newest: datetime | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Board:
    """All accounts at `read_at`; `source` is the database's, None until a gateway has said which account it is."""

    read_at: datetime
    source: SourceName | None
    accounts: dict[str, AccountState] = field(default_factory=dict)


def account_state(row: rows.Row) -> AccountState:
    status = rows.poller_status(row)
    data = (row["portfolio_as_of"], row["positions_as_of"], status.last_datum_at if status else None)
    return AccountState(
        account=row["known_account"],
        source=Source(row["source"]).value,
        status=status,
        revisions=row["revisions"] or {},
        newest=max((at for at in data if at is not None), default=None),
        holds=bool(row["held"]),
    )


def judge(state: AccountState, now: datetime, database_away: str | None) -> Assessment:
    """The account's freshness at `now`."""
    return assess(state.status, now, state.newest, state.holds, database_away)


def gateway(state: AccountState, now: datetime, database_away: str | None) -> tuple[str, str | None]:
    """The link's state and its reason. What nobody watches any more is "unknown", not what it once was."""
    status = state.status
    if database_away is not None:
        return "unknown", database_away
    if status is None or judge(state, now, None).reason == POLLER_DOWN:
        return "unknown", POLLER_DOWN
    if status.gateway_state is GatewayState.CONNECTED:
        return status.gateway_state.value, status.gateway_reason
    return status.gateway_state.value, status.gateway_reason or judge(state, now, None).reason


def health(state: AccountState, board: Board, now: datetime, database_away: str | None) -> HealthView:
    """Every part of the path with its state and age."""
    status = state.status
    seen = judge(state, now, database_away)
    link, link_reason = gateway(state, now, database_away)
    return {
        "account": state.account,
        "source": state.source,
        "freshness": seen.freshness.value,
        "as_of": rows.iso(seen.as_of),
        "age_s": age_s(seen.as_of, now),
        "database": database(board, now, database_away),
        "poller": _poller(status, seen, now, database_away),
        "gateway": {
            "state": link,
            "reason": link_reason,
            "since": rows.iso(status.gateway_since) if status else None,
            "age_s": age_s(status.feed_proven_at, now) if status else None,
        },
        "gateway_address": status.gateway_address if status else NO_GATEWAY,
        "market_phase": status.market_phase.value if status and status.market_phase else None,
        "next_phase_at": rows.iso(status.next_phase_at) if status else None,
        "market_data_type": status.market_data_type if status else None,
        "market_data_lines": status.market_data_lines if status else 0,
        "queue_depth": status.queue_depth if status else 0,
        "spool_bytes": status.spool_bytes if status else 0,
        "implausible": status.implausible if status else 0,
        "other_clients_fills": status.other_clients_fills if status else None,
        "last_error": status.last_error if status else None,
        "last_error_at": rows.iso(status.last_error_at) if status else None,
    }


def database(board: Board | None, now: datetime, database_away: str | None) -> ComponentView:
    """The database's line; its age is that of the last answer."""
    return {
        "state": "connected" if database_away is None else "unreachable",
        "reason": database_away,
        "since": None,
        "age_s": age_s(board.read_at, now) if board else None,
    }


def _poller(status: PollerStatus | None, seen: Assessment, now: datetime, database_away: str | None) -> ComponentView:
    if database_away is not None:
        state, reason = "unknown", database_away
    elif seen.freshness is Freshness.OFFLINE and seen.reason == POLLER_DOWN:
        state, reason = "not_running", POLLER_DOWN
    else:
        state, reason = "running", None
    return {
        "state": state,
        "reason": reason,
        "since": rows.iso(status.started_at) if status else None,
        "age_s": age_s(status.heartbeat_at, now) if status else None,
    }
