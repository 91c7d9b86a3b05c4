"""What strategies decided and how they compare. Reached as `Reads.decisions`, `Reads.compare`, `Reads.strategy`.

Nothing is cached: a page of the ledger is read by its key, a comparison from the level of days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from data import cursor, rows
from data.analytics.comparison import Compared, Day, common_days, compare, correlation, mean_capital
from data.commands import UnknownStrategyError
from data.control_views import (
    ComparedView,
    CompareView,
    DecisionsView,
    DecisionView,
    RunView,
    ShortView,
    StrategyDay,
)
from data.strategy_reads import left_out

Fetch = Callable[..., list[Any]]
LeftOut = Mapping[str, Mapping[str, int]]  # by trading day

MAX_DECISIONS = 500
MOST_COMPARED = 4
AT_RISK, ALLOCATED = "mean capital at risk", "allocated capital"
LEAST_SHARE = 0.1  # of what is allocated to it: below, a strategy's capital at risk says nothing about its return
ORPHAN = "An order of this bot's client id for which the bot kept no decision."
YEAR = timedelta(days=366)
RUNS = 20
EVER = date(1970, 1, 1)


class BadComparison(ValueError):  # noqa: N818 - what it is called everywhere
    """What is to be compared can't be; one sentence for the user."""


class StrategyLedger:
    """Safe for threads and greenlets. Every method raises what :class:`data.reads.Reads` raises."""

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime], risk_free_pct: float) -> None:
        """`fetch` reads a named query; `risk_free_pct` is a year's."""
        self._fetch = fetch
        self._clock = clock
        self._risk_free_pct = risk_free_pct

    def decisions(
        self,
        account: str | None,
        strategy: str | None,
        symbol: str | None,
        kind: str | None,
        limit: int,
        before: str | None,
    ) -> DecisionsView:
        """A page of the ledger, newest first; `before` is `next_before` of the page before.

        Raises:
            data.cursor.BadCursor: `before` is no cursor of ours.
            ValueError: limit is not within 1 and 500.
        """
        if not 1 <= limit <= MAX_DECISIONS:
            raise ValueError(f"limit must be within 1 and {MAX_DECISIONS}.")
        at = cursor.decode(before) if before is not None else ("infinity", cursor.MAX_ID)
        found = self._fetch(
            "decisions_page", account=account, strategy=strategy, symbol=symbol, kind=kind, before_ts=at[0],
            before_id=at[1], limit=limit + 1,
        )  # fmt: skip
        more, page = len(found) > limit, found[:limit]
        return {
            "items": [decision_view(row) for row in page],
            "next_before": cursor.encode(page[-1]["ts"], page[-1]["id"]) if more else None,
            "not_recorded": [row["bot"] for row in self._fetch("bots_without_records")],
        }

    def history(self, account: str, name: str) -> list[StrategyDay]:
        """The last year's closes."""
        found = self._days(account, [name], (self._clock() - YEAR).date(), date.max)
        return [
            {
                "session_date": row["session_date"].isoformat(),
                "pnl_total": rows.number(row["pnl_total"]),
                "pnl_day": rows.number(row["pnl_day"]),
                "premium": rows.number(row["premium"]),
                "fees": rows.number(row["fees"]),
                "capital_at_risk": rows.number(row["capital_at_risk"]),
                "exposure": rows.number(row["exposure"]),
            }
            for row in found
        ]

    def runs(self, bot: str) -> list[RunView]:
        """The newest runs of a bot."""
        return [
            {
                "run_id": str(row["run_id"]),
                "bot": row["bot"],
                "started_at": rows.stamp(row["started_at"]),
                "ended_at": rows.iso(row["ended_at"]),
                "outcome": row["outcome"],
                "exit_code": row["exit_code"],
                "version": row["version"],
                "is_preview": row["is_preview"],
                "words": row["words"],
                "has_output": row["has_output"],
            }
            for row in self._fetch("strategy_runs", bot=bot, limit=RUNS)
        ]

    def compare(
        self,
        account: str | None,
        known: Mapping[str, float | None],
        without: Mapping[str, LeftOut],
        names: Sequence[str],
        since: date | None,
        until: date | None,
    ) -> CompareView:
        """`names` side by side; `known` are the strategies that there are, with the money allocated to each;
        `without` is what of each statistics leave out. The span includes both days.

        A return is of the mean capital at risk; of the allocated money where hardly any of it is at risk (covered calls
        bind no capital of their own).

        Raises:
            BadComparison: not two to four different ones, or the span ends before it begins.
            UnknownStrategyError: one of them isn't there.
        """
        _require_comparable(known, names, since, until)
        found = self._days(account, list(names), since or EVER, until or date.max) if account else []
        by_name = {name: [row for row in found if row["strategy"] == name] for name in names}
        series = [{row["session_date"]: _day(row) for row in by_name[name]} for name in names]
        days = common_days(series)
        bases = [_base(one, days, known[name]) for name, one in zip(names, series, strict=True)]
        compared = [
            compare(one, days, self._risk_free_pct / 100, base) for one, (base, _) in zip(series, bases, strict=True)
        ]
        few = len(days) < 2
        return {
            "account": account,
            "base": " or ".join(dict.fromkeys(base_name for _, base_name in bases)),
            "risk_free_pct": self._risk_free_pct,
            "since": days[0].isoformat() if days else None,
            "until": days[-1].isoformat() if days else None,
            "items": [
                _compared(name, by_name[name], days, one, base_name, without.get(name, {}))
                for name, one, (_, base_name) in zip(names, compared, bases, strict=True)
            ],
            "correlation": [[_correlation(a, b) for b in compared] for a in compared],
            "days": max(len(days) - 1, 0),
            "problem": "There are fewer than two trading days of which all of these have figures." if few else None,
        }

    def _days(self, account: str, names: list[str], since: date, until: date) -> list[Any]:
        return self._fetch("strategy_history", account=account, names=names, first_day=since, last_day=until)


def shorts(row: rows.Row | None) -> list[ShortView]:
    """The open short options in a row of strategy_latest."""
    return list(row["shorts"]) if row else []


def decision_view(row: rows.Row) -> DecisionView:
    """A row of the named query `decisions_page`."""
    mid, price = rows.number(row["mid"]), rows.number(row["fill_price"])
    return {
        "id": row["id"],
        "time": rows.stamp(row["ts"]),
        "bot": row["bot"],
        "strategy": row["strategy"],
        "kind": row["kind"],
        "symbol": row["symbol"],
        "contract": row["contract"],
        "action": row["action"],
        "quantity": rows.number(row["quantity"]),
        "limit_price": rows.number(row["limit_price"]),
        "mid": mid,
        "reason": ORPHAN if row["kind"] == "orphan" else row["reason"],
        "order_ref": row["order_ref"],
        "perm_id": row["perm_id"],
        "order_status": row["order_status"],
        "filled": rows.number(row["filled"]),
        "fill_price": price,
        "slippage": slippage(row["action"], price, mid),
        "commission": rows.number(row["commission"]),
    }


def slippage(action: str | None, price: float | None, mid: float | None) -> float | None:
    """How much worse than mid a fill was, per unit: positive is worse, for a purchase as for a sale."""
    if price is None or mid is None or action is None:
        return None
    return round(mid - price if action.upper() in ("SELL", "SLD") else price - mid, 6)


def _require_comparable(known: Collection[str], names: Sequence[str], since: date | None, until: date | None) -> None:
    if not 2 <= len(names) <= MOST_COMPARED or len(set(names)) < len(names):
        raise BadComparison("Two to four different strategies can be compared: names=bot/one,bot/other.")
    if since and until and until < since:
        raise BadComparison("`to` lies before `from`.")
    missing = [name for name in names if name not in known]
    if missing:
        raise UnknownStrategyError(
            f"There is no such strategy; there is {', '.join(sorted(known)[:20]) or 'none yet'}."
        )


def _day(row: rows.Row) -> Day:
    return Day(rows.number(row["pnl_total"]), rows.number(row["capital_at_risk"]))


def _correlation(one: Compared, other: Compared) -> float | None:
    return correlation(one.changes, other.changes) if len(one.changes) == len(other.changes) else None


def _base(series: Mapping[date, Day], days: Sequence[date], allocated: float | None) -> tuple[float | None, str]:
    """What a strategy's return is of, and its name."""
    at_risk = mean_capital(series, days)
    if allocated and allocated > 0 and (at_risk is None or at_risk < LEAST_SHARE * allocated):
        return allocated, ALLOCATED
    return at_risk, AT_RISK


def _compared(
    name: str, found: Sequence[rows.Row], days: Sequence[date], one: Compared, base_name: str, without: LeftOut
) -> ComparedView:
    """The measures, and what was earned, paid, traded and won between the first and the last day: samples count everything."""
    by_day = {row["session_date"]: row for row in found}
    first, last = (by_day[days[0]], by_day[days[-1]]) if days else (None, None)

    def gained(column: str) -> float | None:
        if first is None or last is None or first[column] is None or last[column] is None:
            return None
        return round(float(last[column]) - float(first[column]), 6)

    trades, closed, wins = (int(gained(name) or 0) for name in ("trades", "closed", "wins"))
    no_trades, no_closed, no_wins = left_out(without, days[0], days[-1]) if days else (0, 0, 0)
    counted = closed - no_closed
    curve: Sequence[float | None] = one.curve or [None] * len(days)
    return {
        "strategy": name,
        "currency": found[-1]["currency"] if found else None,
        "base": one.base,
        "base_name": base_name,
        "pnl": one.pnl,
        "return_pct": one.return_pct,
        "volatility_pct": one.volatility_pct,
        "sharpe": one.sharpe,
        "max_drawdown_pct": one.max_drawdown_pct,
        "premium": gained("premium"),
        "fees": gained("fees"),
        "trades": trades - no_trades,
        "win_rate": round(100 * (wins - no_wins) / counted, 2) if counted else None,
        "left_out": no_closed,
        "reason": one.reason,
        "points": [
            {"session_date": day.isoformat(), "return_pct": value} for day, value in zip(days, curve, strict=True)
        ],
    }
