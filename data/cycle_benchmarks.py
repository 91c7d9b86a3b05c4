"""A wheel cycle against the same money in its stock and in the benchmark: what it bound, put in and taken out on the same days.

See data/analytics/benchmarks.py for the source of the method. Dividends are those that are known by ex-date; where they
aren't all known, what comes out without the others is a lower bound and said to be one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data import rows
from data.analytics.benchmarks import same_flows
from data.analytics.positions import NEW_YORK
from data.book import bound
from data.book.sources import Fill, Terms
from data.book_reads import MAX_ROWS
from data.book_views import BenchmarkView, CycleBenchmarksView

if TYPE_CHECKING:
    from data.reads import Reads

UNKNOWN_CAPITAL = (
    "What the cycle bound, day by day, isn't known: its executions aren't all known, or it holds an uncovered short."
)
NO_DIVIDENDS = "No dividend of {symbol} from {since} to {until} is known, nor that there was none."
DIVIDENDS = "Of the dividends of {symbol} from {since} to {until} only {known} counted, a share; there may be others."


class UnknownCycle(LookupError):  # noqa: N818 - what it is called everywhere
    """There is no such wheel cycle."""

    def __init__(self) -> None:
        super().__init__("There is no such wheel cycle; GET /api/wheel/cycles lists them.")


def benchmarks(reads: Reads, account: str, cycle: str, benchmark: str) -> CycleBenchmarksView:
    """`benchmark` is a symbol in USD. Raises UnknownCycle, else as :class:`data.reads.Reads`."""
    found = reads.cycle_fills(account, cycle)
    symbol = next((row["symbol"] for row in found), None)
    known = {} if symbol is None else {c["cycle"]: c for c in reads.cycles(account, symbol, limit=MAX_ROWS)["items"]}
    if cycle not in known:
        raise UnknownCycle
    own = known[cycle]
    moved = _contributions(found)
    last = date.fromisoformat(own["closed_on"]) if own["closed_on"] else reads.clock().astimezone(NEW_YORK).date()
    compared = list(dict.fromkeys([own["symbol"], benchmark]))
    return {
        "account": account,
        "cycle": cycle,
        "symbol": own["symbol"],
        "currency": own["currency"],
        "pnl": own["pnl"],
        "contributions": [{"day": day.isoformat(), "amount": round(float(x), 2)} for day, x in (moved or {}).items()],
        "items": [_compared(reads, account, other, own["currency"], moved, last) for other in compared],
    }


def _contributions(found: Sequence[Any]) -> dict[date, Decimal] | None:
    """None where the executions don't explain what is held: some are of other cycles too, or were never seen."""
    fills = list({row["base_exec_id"]: _fill(row) for row in found if row["base_exec_id"] is not None}.values())
    wanted: dict[int, Decimal] = {}
    for con_id, quantity in {row["trip"]: (row["con_id"], row["held"]) for row in found}.values():
        wanted[con_id] = wanted.get(con_id, Decimal(0)) + quantity
    if bound.held(fills) != wanted or any(fill.kind == "corporate" for fill in fills):
        return None
    return bound.contributions(fills)


def _fill(row: Any) -> Fill:
    strike = None if row["strike"] is None else Decimal(repr(row["strike"]))
    terms = Terms(
        row["con_id"], row["symbol"], row["local_symbol"], row["sec_type"], row["currency"], Decimal(repr(row["multiplier"])),
        strike, row["right"],
    )  # fmt: skip
    return Fill(row["base_exec_id"], terms, row["ts"], row["session_date"], row["quantity"], row["price"], row["kind"])


def _compared(
    reads: Reads, account: str, symbol: str, currency: str, moved: Mapping[date, Decimal] | None, last: date
) -> BenchmarkView:
    unknown: BenchmarkView = {"symbol": symbol, "until": None, "pnl": None, "at_least": None, "reason": UNKNOWN_CAPITAL}
    if not moved:
        return unknown
    since = min(moved)
    closes = reads.daily_closes(symbol, currency, since, last)
    if not closes:
        return unknown | {"reason": f"No closes of {symbol} in {currency} since {since} are stored."}
    until = max(closes)
    paid, is_whole = reads.dividends(account, symbol, currency, since, until)
    flows = {day: float(amount) for day, amount in moved.items() if day <= until}  # what came later has no close yet
    days = sorted({*flows, *(day for day in paid if since < day <= until), until})
    found = same_flows(days, flows, closes, {day: amount for day, amount in paid.items() if day in days})
    if found.missing:
        lost = ", ".join(day.isoformat() for day in found.missing[:3])
        return unknown | {"until": until.isoformat(), "reason": f"The close of {symbol} of {lost} is not stored."}
    worth = None if found.pnl is None else round(found.pnl, 2)
    return {
        "symbol": symbol,
        "until": rows.day(until),
        "pnl": worth if is_whole else None,
        "at_least": None if is_whole else worth,
        "reason": None if is_whole else _not_all(symbol, since, until, paid),
    }


def _not_all(symbol: str, since: date, until: date, paid: Mapping[date, float]) -> str:
    """Which dividends are in the result, by ex-date."""
    counted = [f"{amount:.4g} of {day}" for day, amount in sorted(paid.items()) if since < day <= until]
    words = DIVIDENDS if counted else NO_DIVIDENDS
    known = f"{', '.join(counted)} {'is' if len(counted) == 1 else 'are'}"
    return words.format(symbol=symbol, since=since, until=until, known=known)
