"""What is read of strategies: state, figures, runs, the last decisions. Reached as `Reads.strategies()`, `Reads.strategy`.

Rows are cached by the revision of topic strategies; what only the clock can say (a bot that is late or silent, an agent that
is away) is judged for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from data import rows
from data.commands import command_view
from data.control_views import (
    AgentView,
    BotStateName,
    CommandView,
    DesiredName,
    KillView,
    StrategiesView,
    StrategyFigures,
    StrategyView,
    SymbolState,
)
from data.resolution import TradingDays
from data.strategies.condition import Condition, judge
from data.strategies.desired import AGENT_LOCK_KEY, EVERY

Fetch = Callable[..., list[Any]]

LAST_DECISIONS = 5
SPARKLINE_DAYS = 30
SPARKLINE_KEPT = timedelta(seconds=60)
NOTHING_KEPT = timedelta(seconds=2)  # a past that is told while somebody looks on is shown at once
AGENT_KEPT = timedelta(seconds=1)
UNATTRIBUTED = ""
AGENT_HANGS = timedelta(seconds=30)  # it beats once a second, less often while it cancels
AGENT_HANGING = "The strategy agent runs but gives no sign of life: commands are kept and wait for it."
AGENT_AWAY = "No strategy agent runs: commands are kept and wait for it. Start it with `mtz agent` (`mtz run` has one)."


@dataclass(frozen=True, slots=True)
class StrategyRows:
    """What is stored, without what the clock says. By strategy: figures, commands, symbols, decisions."""

    revision: int
    epoch: int
    strategies: list[rows.Row]
    commands: dict[str, CommandView]
    is_killed: bool
    symbols: dict[str, list[SymbolState]]
    decisions: dict[str, list[str]]
    figures: dict[str, rows.Row]


class StrategyReads:
    """Safe for threads and greenlets. Every method raises what :class:`data.reads.Reads` raises."""

    def __init__(self, fetch: Fetch, trading_days: Callable[[], TradingDays], clock: Callable[[], datetime]) -> None:
        """`fetch` reads a named query."""
        self._fetch = fetch
        self._days = trading_days
        self._clock = clock
        self._sparklines: dict[str, tuple[datetime, dict[str, list[float | None]]]] = {}
        self._agent: tuple[datetime, AgentView] | None = None

    def load(self, account: str, epoch: int) -> StrategyRows:
        """The rows of :meth:`view`; `account` "": none is known yet."""
        found = self._fetch("strategies", account=account)
        commands = self._fetch("strategy_commands")
        decisions: dict[str, list[str]] = {}
        for row in self._fetch("strategy_decisions", limit=LAST_DECISIONS):
            decisions.setdefault(row["strategy"], []).append(in_words(row))
        symbols: dict[str, list[SymbolState]] = {}
        for row in commands:
            command = command_view(row) if row["id"] is not None else None
            if row["of_symbol"] and (row["desired"] != "active" or _is_open(command)):
                state: SymbolState = {"symbol": row["of_symbol"], "desired": row["desired"], "command": command}
                symbols.setdefault(row["of_strategy"], []).append(state)
        whole = [row for row in commands if not row["of_symbol"]]
        return StrategyRows(
            revision=found[0]["revision"],
            epoch=epoch,
            strategies=[row for row in found if row["name"] is not None],
            commands={row["of_strategy"]: command_view(row) for row in whole if row["id"] is not None},
            is_killed=any(row["of_strategy"] == EVERY and row["desired"] == "stopped" for row in whole),
            symbols=symbols,
            decisions=decisions,
            figures={row["strategy"]: row for row in self._fetch("strategy_figures", account=account)},
        )

    def view(self, account: str | None, found: StrategyRows, away: str | None) -> StrategiesView:
        """`GET /api/strategies/` as of now. `away`: why the database can't be read, so that nothing is asked of it."""
        sparklines = self._sparkline(account, away) if account else {}
        now = self._clock()
        is_trading_day = self._days().__contains__
        items = [_strategy(row, found, sparklines, judge(row, now, is_trading_day)) for row in found.strategies]
        rest = found.figures.get(UNATTRIBUTED)
        return {
            "account": account,
            "items": items,
            "unattributed": figures_view(rest, sparklines.get(UNATTRIBUTED, [])) if rest else None,
            "income_total": rows.number(rest["income_total"]) if rest else None,
            "residual_day": rows.number(rest["residual_day"]) if rest else None,
            "residual_total": rows.number(rest["residual_total"]) if rest else None,
            "kill": _kill(items, found),
            "agent": self.agent(away),
        }

    def listed(self, found: StrategyRows) -> list[tuple[DesiredName, BotStateName]]:
        """Desired state and what the bot does, of each strategy that its bot still has."""
        now, is_trading_day = self._clock(), self._days().__contains__
        return [(row["desired"], judge(row, now, is_trading_day).state) for row in found.strategies if row["is_listed"]]

    def agent(self, away: str | None) -> AgentView:
        """Whether a strategy agent leads; looked up once a second."""
        now = self._clock()
        if away is not None:
            return {
                "state": "away",
                "heartbeat_at": None,
                "reason": f"{away} Whether a strategy agent runs is not known.",
            }
        if self._agent is None or now - self._agent[0] >= AGENT_KEPT:
            row = self._fetch("agent_alive", key=AGENT_LOCK_KEY)[0]
            beat = row["heartbeat_at"]
            hangs = row["is_alive"] and (beat is None or now - beat > AGENT_HANGS)
            reason = None if row["is_alive"] and not hangs else AGENT_HANGING if hangs else AGENT_AWAY
            view: AgentView = {
                "state": "running" if reason is None else "away",
                "heartbeat_at": rows.iso(beat),
                "reason": reason,
            }
            self._agent = (now, view)
        return self._agent[1]

    def _sparkline(self, account: str, away: str | None) -> dict[str, list[float | None]]:
        now = self._clock()
        known = self._sparklines.get(account)
        if away is not None or (known and now - known[0] < (SPARKLINE_KEPT if known[1] else NOTHING_KEPT)):
            return known[1] if known else {}
        since = (now - timedelta(days=2 * SPARKLINE_DAYS)).date()
        lines: dict[str, list[float | None]] = {}
        for row in self._fetch("strategy_sparklines", account=account, since=since):
            lines.setdefault(row["strategy"], []).append(rows.number(row["close"]))
        lines = {name: line[-SPARKLINE_DAYS:] for name, line in lines.items()}
        self._sparklines[account] = (now, lines)
        return lines


def figures_view(row: rows.Row, sparkline: Sequence[float | None]) -> StrategyFigures:
    """A row of strategy_latest as it is shown."""
    trades, closed, wins = left_out(row["left_out"])
    counted = row["closed"] - closed
    return {
        "as_of": rows.iso(row["as_of"]),
        "currency": row["currency"],
        "pnl_day": rows.number(row["pnl_day"]),
        "pnl_total": rows.number(row["pnl_total"]),
        "pnl_since": rows.iso(row["pnl_since"]),
        "premium": rows.number(row["premium"]),
        "fees": rows.number(row["fees"]),
        "capital_at_risk": rows.number(row["capital_at_risk"]),
        "exposure": rows.number(row["exposure"]),
        "trades": row["trades"] - trades,
        "win_rate": round(100 * (row["wins"] - wins) / counted, 2) if counted else None,
        "left_out": closed,
        "positions": row["positions"],
        "reason": row["reason"],
        "sparkline": list(sparkline),
    }


def left_out(
    told: Mapping[str, Mapping[str, int]], after: date = date.min, until: date = date.max
) -> tuple[int, int, int]:
    """Trades, closed contracts and wins that notes leave out of statistics, of trading days after `after` up to `until`. `told` is
    strategy_latest's."""
    found = [counts for day, counts in told.items() if after < date.fromisoformat(day) <= until]
    return sum(one["trades"] for one in found), sum(one["closed"] for one in found), sum(one["wins"] for one in found)


def in_words(row: Mapping[str, Any]) -> str:
    """A decision as one sentence."""
    what = row["contract"] or row["symbol"] or ""
    order = " ".join(part for part in (row["action"], _quantity(row["quantity"]), what) if part)
    price = f" at {_price(row['limit_price'])}" if row["limit_price"] is not None else ""
    reason = row["reason"]
    match row["kind"]:
        case "intent":
            return f"{order}{price}: {reason}" if reason else f"{order}{price}"
        case "rejection":
            return (
                f"Rejected: {order or 'an order'}{price}: {reason}"
                if reason
                else f"Rejected: {order or 'an order'}{price}"
            )
        case _:
            if not reason:
                return order or row["kind"]
            return reason if not what or what in reason or (row["symbol"] or what) in reason else f"{what}: {reason}"


def _price(value: float) -> str:
    """With cents, and what is finer where there is some."""
    cents = f"{value:.2f}"
    return (cents if float(cents) == value else f"{value:g}").replace("-", "−")


def _quantity(value: Any) -> str:
    return f"{float(value):g}" if value is not None else ""


def _is_open(command: CommandView | None) -> bool:
    return command is not None and command["state"] in ("requested", "acknowledged")


def _strategy(
    row: rows.Row, found: StrategyRows, sparklines: Mapping[str, list[float | None]], seen: Condition
) -> StrategyView:
    name = row["name"]
    figures = found.figures.get(name)
    return {
        "name": name,
        "bot": row["bot"] or name.partition("/")[0],
        "title": row["title"] or name.partition("/")[2] or name,
        "adapter": row["adapter"],
        "account": row["account"],
        "symbols": list(row["symbols"]),
        "created_at": rows.stamp(row["created_at"]),
        "is_listed": row["is_listed"],
        "can_pause_opening": row["can_pause_opening"],
        "desired": row["desired"],
        "command": found.commands.get(name),
        "symbol_states": found.symbols.get(name, []),
        "bot_state": seen.state,
        "bot_words": seen.words,
        "bot_seen_at": rows.iso(seen.seen_at),
        "last_run": rows.iso(row["run_started"]),
        "last_run_outcome": row["run_outcome"],
        "next_run": rows.iso(seen.next_run),
        "allocation": rows.number(row["allocation"]),
        "figures": figures_view(figures, sparklines.get(name, [])) if figures else None,
        "decisions": found.decisions.get(name, []),
    }


def _kill(items: Sequence[StrategyView], found: StrategyRows) -> KillView:
    command = found.commands.get(EVERY)
    is_killed = found.is_killed or (command is not None and command["action"] == "stop" and _is_open(command))
    pending = [
        item["name"]
        for item in items
        if is_killed
        and item["is_listed"]
        and (item["desired"] != "stopped" or item["command"] is None or item["command"]["state"] != "enforced")
    ]
    is_enforced = is_killed and not pending and command is not None and command["state"] == "enforced"
    return {"is_killed": is_killed, "command": command, "is_enforced": is_enforced, "pending": pending}
