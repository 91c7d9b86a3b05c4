"""The dead-man rule: when nobody watches the account for a while in the session, nothing new is opened. Off by default.

It pauses *opening* where the bot can tell that apart, else everything, and says which. Nothing resumes by itself.
"""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from data.audit import Caller
from data.board import AccountState, account_state, judge
from data.commands import Commands, ImpossibleCommandError, Request
from data.db import literal
from data.freshness import DOWN, HEARTBEAT_LIMIT, SHAKY, Assessment
from data.model import Freshness, MarketPhase, PollerStatus
from data.queries import query
from data.strategies.desired import Action, Scope

log = logging.getLogger("mtz.agent")
Conn = psycopg.Connection[Any]

ACTOR = "dead-man rule"
LOOK_S = 5.0
BLIND = (Freshness.OFFLINE, Freshness.STALE)


@dataclass(frozen=True, slots=True)
class Blindness:
    """An account that nobody watches: since when, within the session, and why."""

    account: str
    since: datetime
    reason: str


class DeadMan:
    """`minutes` 0: off."""

    def __init__(self, minutes: int, commands: Commands) -> None:
        self._limit = timedelta(minutes=minutes)
        self._commands = commands
        self._due = 0.0

    def look(self, conn: Conn) -> None:
        """Look every few seconds, and pause where it is time. Raises psycopg.Error, DatabaseError."""
        if not self._limit or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK_S
        now = datetime.now(UTC)
        with conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(literal(query("board"))).fetchall()
            found = cursor.execute(
                "SELECT opens, closes FROM market_sessions WHERE opens <= %s AND closes > %s", [now, now]
            ).fetchone()
        session = (found["opens"], found["closes"]) if found else None
        for row in rows:
            blind = blindness(account_state(row), now, session)
            if blind is not None and now - blind.since >= self._limit:
                self._pause(conn, blind, now)

    def _pause(self, conn: Conn, blind: Blindness, now: datetime) -> None:
        """Each strategy once in a spell: what somebody resumed by hand in the meantime goes on."""
        rows = conn.execute(
            "SELECT s.name, s.can_pause_opening FROM strategies s LEFT JOIN bots b ON b.bot = s.bot "
            "  LEFT JOIN strategy_states t ON t.strategy = s.name AND t.symbol = '' "
            " WHERE s.is_listed AND coalesce(b.account, %(account)s) = %(account)s "
            "   AND coalesce(t.desired, 'active') = 'active' AND NOT EXISTS (SELECT FROM commands c "
            "       WHERE c.strategy = s.name AND c.actor = %(actor)s AND c.requested_at > %(since)s) ORDER BY s.name",
            {"account": blind.account, "actor": ACTOR, "since": blind.since},
        ).fetchall()
        if not rows:
            return
        minutes = int((now - blind.since).total_seconds() // 60)
        log.warning("The dead-man rule pauses %d strategies: %s", len(rows), blind.reason)
        for name, can_tell in rows:
            what = "nothing new is opened" if can_tell else f"{CANNOT_TELL} all of it is paused"
            reason = f"{blind.reason} So for {minutes} min of the session: {what} until somebody resumes."
            scope = Scope.OPENING if can_tell else Scope.ALL
            with contextlib.suppress(ImpossibleCommandError):  # stopped, or about to be
                self._commands.submit(Caller(ACTOR, "agent"), Request(name, Action.PAUSE, scope, reason=reason[:500]))


CANNOT_TELL = "this bot can't tell openings from rolls and closes, so"


def blindness(state: AccountState, now: datetime, session: tuple[datetime, datetime] | None) -> Blindness | None:
    """Whether the account isn't watched at `now`, which lies in a session. `session`: the exchange's opening and close, if it is open."""
    status = state.status
    if status is None:
        return None  # no poller has ever watched it
    seen = judge(state, now, None)
    if seen.freshness not in BLIND or not _is_open(status, now, session):
        return None
    since = _since(status, seen, now)
    if session is not None:
        since = max(since, session[0])
    return Blindness(state.account, since, seen.reason or "The feed is stale.")


def _is_open(status: PollerStatus, now: datetime, session: tuple[datetime, datetime] | None) -> bool:
    """By the gateway's own hours as far as they were told, else by the exchange's calendar."""
    if status.market_phase is not None and status.next_phase_at is not None and now < status.next_phase_at:
        return status.market_phase is MarketPhase.OPEN
    return session is not None


def _since(status: PollerStatus, seen: Assessment, now: datetime) -> datetime:
    """When the account was last watched: a gateway that comes and goes without an answer doesn't begin anew."""
    if now - status.heartbeat_at > HEARTBEAT_LIMIT:
        return status.heartbeat_at
    if status.gateway_state in DOWN or status.gateway_state in SHAKY:
        return status.feed_proven_at or status.gateway_since
    return seen.as_of or status.started_at
