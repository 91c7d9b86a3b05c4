"""Nobody watches the account in the session: openings are paused once, and stay so until somebody resumes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.audit import Caller
from data.board import AccountState
from data.db import connect
from data.model import GatewayState, MarketPhase, PollerStatus, Role
from data.strategies.agent.deadman import ACTOR, DeadMan, blindness
from data.strategies.desired import Action
from tests.agent.world import ACCOUNT, World
from tests.poller.process import eventually

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
SESSION = (NOW.replace(hour=14, minute=30), NOW.replace(hour=21))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def state(**told: Any) -> AccountState:
    given: dict[str, Any] = {
        "heartbeat_at": NOW, "started_at": NOW - minutes(600), "gateway_state": GatewayState.CONNECTED, "gateway_reason": None,
        "gateway_since": NOW - minutes(600), "gateway_address": "127.0.0.1:4002", "client_id": 30,
        "market_phase": MarketPhase.OPEN, "next_phase_at": SESSION[1], "feed_proven_at": NOW, "last_datum_at": NOW,
    } | told  # fmt: skip
    status = PollerStatus(ACCOUNT, **given)
    return AccountState(ACCOUNT, "demo", status, {}, status.last_datum_at, holds=True)


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ({}, None),
        ({"heartbeat_at": NOW - minutes(12)}, NOW - minutes(12)),  # the poller is dead
        ({"last_datum_at": NOW - minutes(7)}, NOW - minutes(7)),  # nothing comes, though heartbeats are answered
        (  # the gateway comes and goes: its last answer counts
            {"gateway_state": GatewayState.REFUSED, "gateway_since": NOW - minutes(1), "feed_proven_at": NOW - minutes(9)},
            NOW - minutes(9),
        ),
        ({"heartbeat_at": NOW - minutes(300)}, SESSION[0]),  # dead since before the opening: counted from there
        ({"heartbeat_at": NOW - minutes(12), "market_phase": MarketPhase.CLOSED}, None),  # a holiday, as the gateway says
        ({"last_datum_at": NOW - minutes(7), "market_phase": MarketPhase.CLOSED}, None),
    ],
)  # fmt: skip
def test_since_when_nobody_watches(told: dict[str, Any], since: datetime | None) -> None:
    found = blindness(state(**told), NOW, SESSION)
    assert (found.since if found else None) == since


def test_the_calendar_counts_where_the_gateway_s_word_has_run_out() -> None:
    dead = state(heartbeat_at=NOW - minutes(12), market_phase=MarketPhase.CLOSED, next_phase_at=NOW - minutes(1))
    assert blindness(dead, NOW, SESSION)
    assert blindness(dead, NOW, None) is None


def test_an_agent_that_died_in_between_has_left_none_out(world: World) -> None:
    """Also a second account is blind for itself."""
    for account, bot in [(ACCOUNT, "tg"), ("DU9000002", "other")]:
        world.bot(bot, "wheel", "hedge")
        world.execute("UPDATE bots SET account = %s WHERE bot = %s", [account, bot])
        blind(world, account)
    world.give(Action.PAUSE, "tg/hedge", caller=Caller(ACTOR, "agent"))
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        DeadMan(5, world.commands).look(conn)
        DeadMan(5, world.commands).look(conn)
    paused = [row["strategy"] for row in world.rows("SELECT strategy FROM commands ORDER BY strategy")]
    assert paused == ["other/hedge", "other/wheel", "tg/hedge", "tg/wheel"]


def blind(world: World, account: str) -> None:
    """In the session, and its poller is dead."""
    world.execute("INSERT INTO accounts (account, source) VALUES (%s, 'demo')", [account])
    world.execute(
        "INSERT INTO poller_status (account, heartbeat_at, started_at, gateway_state, gateway_since, gateway_address, "
        "  client_id, market_phase, next_phase_at) VALUES (%s, now() - interval '10 min', now() - interval '1 day', 'connected', "
        "  now() - interval '1 day', '127.0.0.1:4002', 30, 'open', now() + interval '1 h')",
        [account],
    )


def test_it_pauses_once_and_resumes_nothing(world: World) -> None:
    world.bot("tg", "wheel", "hedge", "held")
    world.execute("UPDATE strategies SET can_pause_opening = true WHERE name = 'tg/wheel'")
    blind(world, ACCOUNT)
    world.agent(dead_man_minutes=0)
    held = world.give(Action.PAUSE, "tg/held")
    world.wait(held, "enforced")
    assert len(world.rows("SELECT 1 FROM commands")) == 1  # off by default
    world.close()

    world = World(world.url, world.data_dir)
    try:
        world.agent(dead_man_minutes=5)
        look = "SELECT c.strategy, c.scope, c.actor, c.actor_kind, c.reason, p.state, p.detail FROM commands c "
        look += "JOIN command_progress p ON p.command = c.id WHERE c.actor = 'dead-man rule' ORDER BY c.strategy"
        eventually(lambda: [row["state"] for row in world.rows(look)] == ["enforced", "enforced"])
        hedge, wheel = world.rows(look)
        assert (hedge["strategy"], hedge["scope"], hedge["actor_kind"]) == ("tg/hedge", "all", "agent")
        assert "can't tell openings from rolls and closes" in hedge["reason"]
        assert (wheel["strategy"], wheel["scope"]) == ("tg/wheel", "opening")
        assert "The poller is not running" in wheel["reason"]
        assert wheel["detail"].startswith("Paused by the dead-man rule")
        assert world.in_force() == {"tg/held": "paused", "tg/hedge": "paused", "tg/wheel": "opening_paused"}
        # By hand, while nobody watches yet: that counts.
        world.wait(world.give(Action.RESUME, "tg/wheel", caller=Caller("ann", "user")), "enforced")
        beat = (
            "SELECT heartbeat_at > (SELECT max(requested_at) FROM commands) + interval '6 s' AS later FROM agent_status"
        )
        eventually(lambda: world.rows(beat)[0]["later"], "two more looks")
        assert len(world.rows(look)) == 2
    finally:
        world.close()
