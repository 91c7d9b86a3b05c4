"""Running programs that report by REST (data/strategies/bot_client.py): what they act on, and whether it holds.

A running bot gets its states with every heartbeat, so there is nothing to write for it. Its own word counts once it is
proven: it acts on the command, and after that a whole cycle passed without an order against it. A bot that gives no sign of
life is asked for where it trades: while its client id is connected at the gateway, it may still send orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg.rows import dict_row

from data.ibkr.probe import probe
from data.model import GatewayState
from data.strategies.base import Bot, Conn, Run, Status
from data.strategies.desired import BotStates, Desired
from data.strategies.folder import BusyError
from data.strategies.wrapped import list_bots

AWAY_AFTER_S = 15.0
"""Without a heartbeat for so long (one comes every second) a bot is taken for ended, unless its client id is connected."""
PROBE_S = 4.0


class InProcess:
    """The adapter."""

    kind = "in_process"

    def list(self, conn: Conn) -> Sequence[Bot]:
        return list_bots(conn, self.kind)

    def apply(self, conn: Conn, bot: Bot, states: BotStates) -> None:
        """Nothing: the bot is told with its next heartbeat, and before its first cycle."""

    def status(self, conn: Conn, bot: Bot) -> Status:
        is_alive = _is_alive(conn, bot)
        words = None if is_alive else f"{bot.name} gives no sign of life."
        return Status(is_running=is_alive, cancels_itself=is_alive, words=words)

    def runs(self, conn: Conn, bot: Bot) -> Sequence[Run]:
        reports = _reports(conn, bot)
        if _is_alive(conn, bot):
            return [_told(bot, report) for report in reports]
        _close_vanished(conn, bot)
        doubt = _doubt(bot)
        return [_unheard(report, doubt) for report in reports] if doubt else []

    def decisions(self, conn: Conn, bot: Bot) -> int:  # noqa: ARG002 - it tells them by REST
        return 0

    @contextmanager
    def hold(self, bot: Bot) -> Iterator[None]:
        """The client id itself keeps a second one out; a bot that starts meanwhile is refused by the gateway, and tries again."""
        if bot.client_id is None:
            raise BusyError({"words": f"{bot.name} has not told its client id."})
        yield


def _is_alive(conn: Conn, bot: Bot) -> bool:
    row = conn.execute(
        "SELECT heartbeat_at > now() - make_interval(secs => %s) FROM bots WHERE bot = %s", [AWAY_AFTER_S, bot.name]
    ).fetchone()
    return bool(row and row[0])


def _reports(conn: Conn, bot: Bot) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT r.strategy, r.applied_command, r.desired, r.symbol_states, r.failure, r.cycles_since, r.reported_at "
            "  FROM bot_reports r JOIN strategies s ON s.name = r.strategy "
            " WHERE r.bot = %s AND s.is_listed ORDER BY r.strategy",
            [bot.name],
        ).fetchall()


def _told(bot: Bot, report: dict[str, Any]) -> Run:
    """A running bot's word: freer holds at once, safer once a whole cycle has shown it."""
    is_freer = report["desired"] == Desired.ACTIVE and not report["symbol_states"]
    is_proven = is_freer or report["cycles_since"] > 0
    name = report["strategy"].partition("/")[2]
    return Run(
        run_id=None,
        command_seen=report["applied_command"] if is_proven and report["failure"] is None else 0,
        words=f"{name} in {bot.name}",
        strategy=report["strategy"],
        failure=report["failure"],
        waits=f"{bot.name} has the command; it holds when a whole cycle has passed without an order of {name} against it.",
    )


def _unheard(report: dict[str, Any], doubt: str) -> Run:
    since = f"{report['reported_at']:%Y-%m-%d %H:%M} UTC"
    name = report["strategy"]
    waits = f"{name} has been silent since {since}, and {doubt}: whether it sends orders can't be seen. End it, or look in TWS."
    return Run(None, 0, words=f"{name}, silent since {since}", strategy=name, waits=waits)


def _doubt(bot: Bot) -> str | None:
    """Why a silent bot may still trade; None: it is not connected to its gateway."""
    if bot.gateway_host is None or bot.gateway_port is None or bot.client_id is None:
        return "it has not told where it trades"
    result = probe(bot.gateway_host, bot.gateway_port, bot.client_id, PROBE_S)
    if result.reachable and result.state is None:
        return None
    if result.state is GatewayState.CLIENT_ID_IN_USE:
        return f"its client id {bot.client_id} is connected"
    return "its gateway can't be asked whether it is connected"


def _close_vanished(conn: Conn, bot: Bot) -> None:
    conn.execute(
        "UPDATE bot_runs SET ended_at = now(), outcome = 'vanished', words = 'The bot gave no further sign of life.' "
        " WHERE bot = %s AND ended_at IS NULL",
        [bot.name],
    )
