"""Reads of the book: wheel cycles, in pages, as the strategy agent folded them last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from data import cursor, rows
from data.book.wheel import Bound, capital
from data.book_views import CapitalView, CyclesView, CycleView
from data.rows import Row
from data.trade_filter import State

MAX_ROWS = 1000
PORTFOLIO_MARGIN = "Under portfolio margin an estimate by Regulation T's rules says nothing."
NO_CAPITAL = {
    "secured": "What the cycle bound isn't known: it holds a short without cash or shares behind it.",
    "margin": "What the cycle bound isn't known: a close of the underlying, on a day on which a short was opened, isn't stored.",
}


class BookReads:
    """`fetch` answers named queries; all methods raise DatabaseAway, :class:`data.cursor.BadCursor`, and ValueError where
    the limit is not within 1 and 1000."""

    def __init__(
        self, fetch: Callable[..., list[Any]], clock: Callable[[], datetime], has_portfolio_margin: bool = False
    ) -> None:
        self._fetch, self._clock, self._has_portfolio_margin = fetch, clock, has_portfolio_margin

    def cycles(
        self, account: str, symbol: str | None = None, strategy: str | None = None, state: State = "all", limit: int = 50,
        before: str | None = None,
    ) -> CyclesView:  # fmt: skip
        """Newest first, by when they were opened."""
        now = self._clock()
        state_row, page, following = self._page(
            "wheel_cycles_page", limit, before, account=account, symbol=symbol, strategy=strategy, state=state
        )
        return {
            "account": account,
            "revision": state_row["revision"],
            "as_of": rows.iso(state_row["folded_at"]),
            "items": [cycle_view(row, now, self._has_portfolio_margin) for row in page],
            "next_before": following,
        }

    def _page(self, name: str, limit: int, before: str | None, **asked: Any) -> tuple[Row, list[Row], str | None]:
        """A row with the state of the book, the page, and where the next one begins."""
        if not 1 <= limit <= MAX_ROWS:
            raise ValueError(f"limit must be within 1 and {MAX_ROWS}.")
        ts, row_id = cursor.decode(before) if before is not None else ("infinity", cursor.MAX_ID)
        found = self._fetch(name, before_ts=ts, before_id=row_id, limit=limit + 1, **asked)
        page = [row for row in found if row["id"] is not None]
        more, page = len(page) > limit, page[:limit]
        return found[0], page, cursor.encode(page[-1]["opened"], page[-1]["id"]) if more else None


def cycle_view(row: Row, now: datetime, has_portfolio_margin: bool = False) -> CycleView:
    cash, value = row["cash"], row["open_value"]
    pnl = cash + value if cash is not None and value is not None else None
    average = rows.number(row["avg_cost"]) if row["shares"] and row["held"] == row["shares"] else None
    return {
        "cycle": row["cycle"],
        "symbol": row["symbol"],
        "currency": row["currency"],
        "stage": row["stage"],
        "strategy": row["strategy"],
        "opened": rows.stamp(row["opened"]),
        "opened_on": row["opened_on"].isoformat(),
        "closed": rows.iso(row["closed"]),
        "closed_on": rows.day(row["closed_on"]),
        "trips": row["trips"],
        "rolls": row["rolls"],
        "shares": float(row["shares"]),
        "premium": float(row["premium"]),
        "fees": float(row["fees"]),
        "dividends": float(row["dividends"]),
        "cash": rows.number(cash),
        "pnl": rows.number(pnl),
        "paid": rows.number(row["paid"]),
        "broker_basis": rows.number(row["broker_basis"]),
        "broker_average": average,
        "broker_has_premium": _has_premium(average, row["paid"], row["broker_basis"]),
        "break_even": rows.number(row["break_even"]),
        "secured": _capital(row, "secured", pnl, now),
        "reg_t": _unknown(PORTFOLIO_MARGIN) if has_portfolio_margin else _capital(row, "margin", pnl, now),
    }


def _has_premium(average: float | None, paid: Decimal | None, basis: Decimal | None) -> bool | None:
    """Whether the broker's average cost has the premium in it already: it comes there a day or two later."""
    if average is None or paid is None or basis is None or paid == basis:
        return None
    return abs(average - float(basis)) < abs(average - float(paid))


def _capital(row: Row, which: str, pnl: Decimal | None, now: datetime) -> CapitalView:
    seconds, binding = row[f"{which}_seconds"], row[f"{which}_now"]
    if seconds is None or binding is None:
        return _unknown(NO_CAPITAL[which])
    found = capital(Bound(seconds, binding, row["bound_until"]), row["opened"], row["closed"] or now, pnl)
    return {
        "average": rows.number(found.average),
        "total_return": rows.number(found.total_return),
        "annualised": rows.number(found.annualised),
        "reason": "It binds nothing." if found.average is None else None,
    }


def _unknown(reason: str) -> CapitalView:
    return {"average": None, "total_return": None, "annualised": None, "reason": reason}
