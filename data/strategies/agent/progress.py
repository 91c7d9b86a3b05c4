"""How far each command is: what the agent writes, each step in one transaction with its audit events.

A crash between two steps leaves the first one whole; every step can be done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from data import audit
from data.audit import Caller
from data.control_views import RemainingOrder
from data.db import literal
from data.queries import statement
from data.strategies.desired import Action, CommandState, Desired, Scope, Wish
from data.strategies.states import Key

Conn = psycopg.Connection[Any]

SETTLED_CHANNEL = "mtz_commands"  # the agent itself listens: what depends on a settled command is looked at again


@dataclass(frozen=True, slots=True)
class Open:
    """A command that the agent still works on. `state`: claimed, acknowledged, or not_enforced and still in force."""

    wish: Wish
    state: str
    actor: str
    actor_kind: str
    reason: str | None
    requested_at: datetime
    waited_s: float  # since it was acknowledged
    detail: str | None
    remaining: Sequence[RemainingOrder]

    @property
    def id(self) -> int:
        return self.wish.id

    @property
    def key(self) -> Key:
        return self.wish.strategy, self.wish.symbol


def claim(conn: Conn, agent: Caller) -> int:
    """Take every command that nobody has taken, in the order in which they were given; how many."""
    with conn.transaction():
        rows = conn.execute(
            "INSERT INTO command_progress (command, state, claimed_by) "
            "SELECT c.id, 'claimed', %s FROM commands c "
            # Their numbers commit in order; a margin costs nothing.
            " WHERE c.id > (SELECT coalesce(max(p.command), 0) - 1000 FROM command_progress p) "
            "   AND NOT EXISTS (SELECT FROM command_progress p WHERE p.command = c.id) ORDER BY c.id "
            "ON CONFLICT DO NOTHING RETURNING command, (SELECT strategy FROM commands WHERE id = command)",
            [agent.origin],
        ).fetchall()
        for command, strategy in rows:
            audit.write(conn, "command.claimed", agent, strategy, {"command": command})
    return len(rows)


def open_commands(conn: Conn) -> list[Open]:
    """What is not settled, and what is not enforced although it is still in force; in order of their numbers."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT c.id, c.strategy, coalesce(c.symbol, '') AS symbol, c.action, c.scope, c.actor, c.actor_kind, c.reason, "
            "       c.requested_at, p.state, p.detail, p.remaining, "
            "       coalesce(extract(epoch FROM now() - p.acknowledged_at), 0)::float8 AS waited_s "
            "  FROM command_progress p JOIN commands c ON c.id = p.command "
            " WHERE p.state IN ('claimed', 'acknowledged') OR (p.state = 'not_enforced' AND EXISTS "
            "       (SELECT FROM strategy_states s WHERE s.command = c.id)) "
            " ORDER BY c.id"
        ).fetchall()
    return [_open(row) for row in rows]


def _open(row: Mapping[str, Any]) -> Open:
    wish = Wish(row["id"], row["strategy"], Action(row["action"]), Scope(row["scope"]), row["symbol"])
    return Open(
        wish, row["state"], row["actor"], row["actor_kind"], row["reason"], row["requested_at"], row["waited_s"],
        row["detail"], row["remaining"],
    )  # fmt: skip


def states(conn: Conn) -> dict[Key, tuple[Desired, int]]:
    """What is in force, and by which command."""
    rows = conn.execute("SELECT strategy, symbol, desired, command FROM strategy_states").fetchall()
    return {(row[0], row[1]): (Desired(row[2]), row[3]) for row in rows}


def in_force(conn: Conn, commands: Iterable[Open]) -> list[Open]:
    """Those of them that nothing newer has replaced."""
    current = {command for _, command in states(conn).values()}
    return [command for command in commands if command.id in current]


def overrule(conn: Conn, agent: Caller, pairs: Iterable[tuple[Open, Open]]) -> None:
    """Each first one has lost against the second."""
    with conn.transaction():
        for loser, winner in pairs:
            words = "is safer and counts" if winner.wish.desired is not loser.wish.desired else "is newer and counts"
            detail = f"Overruled: the {describe(winner)} {words}."
            more = {"by": winner.id}
            _write(conn, agent, loser, CommandState.OVERRULED.value, "command.overruled", detail, more=more)
        changed(conn)


def acknowledge(conn: Conn, agent: Caller, commands: Iterable[Open]) -> None:
    """Put them in force together: what every start of a bot reads in the database from now on."""
    with conn.transaction():
        for command in commands:
            conn.execute(
                "INSERT INTO strategy_states (strategy, symbol, desired, command) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (strategy, symbol) DO UPDATE "
                "SET desired = excluded.desired, command = excluded.command, since = now()",
                [*command.key, command.wish.desired.value, command.id],
            )
            more = {"desired": command.wish.desired.value}
            _write(conn, agent, command, CommandState.ACKNOWLEDGED.value, "command.acknowledged", None, more=more)
        changed(conn)


def settle(
    conn: Conn, agent: Caller, command: Open, state: CommandState, detail: str | None,
    remaining: Sequence[RemainingOrder] = (),
) -> None:  # fmt: skip
    """Say what became of it. Nothing is written where the same was said before."""
    if command.state == state.value and (command.detail, list(command.remaining)) == (detail, list(remaining)):
        return
    more: dict[str, Any] = {"detail": detail, "positions": "untouched"}
    if remaining:
        more["remaining"] = [order["perm_id"] for order in remaining]
    with conn.transaction():
        _write(conn, agent, command, state.value, f"command.{state.value}", detail, remaining, more)
        changed(conn)
        conn.execute("SELECT pg_notify(%s, '')", [SETTLED_CHANNEL])


def explain_wait(conn: Conn, command: Open, detail: str) -> None:
    """Say what an open command waits for, once."""
    if command.detail == detail:
        return
    with conn.transaction():
        conn.execute("UPDATE command_progress SET detail = %s WHERE command = %s", [detail, command.id])
        changed(conn)


def describe(command: Open) -> str:
    """For a sentence: "stop of the kill switch by ann"."""
    scope = " of openings" if command.wish.scope is Scope.OPENING else ""
    return f"{command.wish.action}{scope} by {command.actor}"


def changed(conn: Conn) -> None:
    conn.execute(literal(statement("strategies_changed")))


def _write(
    conn: Conn, agent: Caller, command: Open, state: str, event: str, detail: str | None,
    remaining: Sequence[RemainingOrder] = (), more: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The row and its event. A command that somebody else has settled meanwhile is left as it is."""
    is_settled = state != CommandState.ACKNOWLEDGED.value
    found = conn.execute(
        "UPDATE command_progress SET state = %(state)s, detail = %(detail)s, remaining = %(remaining)s, "
        "  acknowledged_at = CASE WHEN %(state)s = 'acknowledged' THEN now() ELSE acknowledged_at END, "
        "  settled_at = CASE WHEN %(is_settled)s THEN now() END "
        "WHERE command = %(command)s AND state IN ('claimed', 'acknowledged', 'not_enforced')",
        {
            "state": state, "detail": detail, "remaining": Jsonb(list(remaining)), "is_settled": is_settled,
            "command": command.id,
        },
    )  # fmt: skip
    if found.rowcount:
        audit.write(conn, event, agent, command.wish.strategy, {"command": command.id, **(more or {})})
