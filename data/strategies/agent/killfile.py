"""The kill switch's file and its command agree: what was thrown on the machine becomes a command, and the other way round."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import psycopg

from data.audit import Caller
from data.commands import Commands, ImpossibleCommandError, Request
from data.strategies.agent.deciding import throw
from data.strategies.agent.progress import Open
from data.strategies.desired import EVERY, Action
from data.strategies.folder import ControlFolder, ControlFolderError

Conn = psycopg.Connection[Any]


def agree(conn: Conn, folder: ControlFolder, commands: Commands, open_: list[Open]) -> None:
    """Look at both, as after a start. `open_`: the commands that are not settled.

    Raises:
        ControlFolderError, psycopg.Error, DatabaseError.
    """
    waiting = {
        command.wish.action for command in open_ if command.wish.strategy == EVERY and command.state == "claimed"
    }
    if waiting:
        return  # on its way: what the file shall be is decided with it
    row = conn.execute(
        "SELECT s.desired = 'stopped', s.command, c.actor, c.reason FROM strategy_states s "
        "  JOIN commands c ON c.id = s.command WHERE s.strategy = %s AND s.symbol = ''",
        [EVERY],
    ).fetchone()
    is_stopped = row is not None and row[0]
    said = folder.killed()
    if row is not None and is_stopped:
        if said is None or said.get("command") != row[1]:  # the file was lost, or thrown again on the machine
            throw(folder, row[1], row[2], row[3])
        _stop_what_came_since(conn, commands, row[1])
    elif said is not None:
        if not (
            folder.path / "kill.json"
        ).is_file():  # bots don't start without the folder, but nobody threw the switch
            raise ControlFolderError(str(said["reason"]))
        _record(commands, said)


def _stop_what_came_since(conn: Conn, commands: Commands, kill: int) -> None:
    """Strategies that were not known when the switch was thrown: its release shall resume none of them."""
    rows = conn.execute(
        "SELECT s.name FROM strategies s LEFT JOIN strategy_states t ON t.strategy = s.name AND t.symbol = '' "
        " WHERE coalesce(t.desired, 'active') <> 'stopped' "
        "   AND NOT EXISTS (SELECT FROM commands c WHERE c.strategy = s.name AND c.action = 'stop' AND c.id > %s)",
        [kill],
    ).fetchall()
    for (name,) in rows:
        caller = Caller("kill switch", "agent", socket.gethostname())
        commands.submit(caller, Request(name, Action.STOP, reason="It appeared while the kill switch was thrown."))


def _record(commands: Commands, said: dict[str, Any]) -> None:
    """It was thrown while nobody could take the command."""
    actor = said.get("actor") or "command line"
    since = f" Thrown on the machine at {said['killed_at']}." if said.get("killed_at") else ""
    request = Request(EVERY, Action.STOP, reason=f"{said.get('reason') or ''}{since}".strip() or None)
    with contextlib.suppress(ImpossibleCommandError):
        commands.submit(Caller(actor, "local", socket.gethostname()), request)
