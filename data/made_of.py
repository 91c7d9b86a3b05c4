"""The rows that totals are made of: what is listed adds up to the total exactly, in NUMERIC, by the same rules. Reached as
`Reads.made_of`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal

from data import rows
from data.cycle_benchmarks import UnknownCycle
from data.made_of_views import CycleRow, CycleRowsView, PremiumRow, PremiumRowsView, ResultRow, ResultRowsView
from data.rows import Row
from data.trade_filter import EVERYTHING, Wanted
from data.trade_views import PremiumViewName, StepName, UnitName

MAX_ROWS = 1000
Part = Literal["all", "symbol", "strategy", "dte", "weekday"]


class MadeOf:
    """`fetch` answers named queries, `known` raises UnknownAccount. Every method raises DatabaseAway. Of more than 1000 rows the
    newest are listed; `rows` and `total` are of all."""

    def __init__(
        self, fetch: Callable[..., Sequence[Any]], known: Callable[[str], Any], today: Callable[[], date]
    ) -> None:
        """`today` is the current trading day."""
        self._fetch, self._known, self._today = fetch, known, today

    def results(
        self, account: str, currency: str, wanted: Wanted = EVERYTHING, unit: UnitName = "chain", part: Part = "all", name: str = "",
    ) -> ResultRowsView:  # fmt: skip
        """Behind a figure of :meth:`data.trade_reads.TradeReads.statistics`: `part` and `name` say which line of it."""
        self._known(account)
        found = self._fetch(
            "result_rows", account=account, wanted=wanted.json(), unit=unit, part=part, line=name, currency=currency,
            limit=MAX_ROWS,
        )  # fmt: skip
        return {
            "account": account,
            "currency": currency,
            "rows": found[0]["rows"],
            "total": {"net": float(found[0]["sum"]), "wins": found[0]["wins"], "count": found[0]["known"]},
            "items": [_result(row) for row in found if row["id"] is not None],
        }

    def premium(
        self, account: str, currency: str, day: date | None = None, wanted: Wanted = EVERYTHING,
        view: PremiumViewName = "open", step: StepName = "month",
    ) -> PremiumRowsView:  # fmt: skip
        """Behind a line of :meth:`data.trade_reads.TradeReads.premium`: that of the month or day that `day` lies in,
        by default the current trading day."""
        self._known(account)
        first, last = _bucket(day or self._today(), step)
        trips = Wanted(**{name: getattr(wanted, name) for name in Wanted.__slots__ if name not in ("since", "until")})
        found = self._fetch(
            "premium_rows", account=account, wanted=trips.json(), view=view, step=step, currency=currency,
            from_day=max(first, wanted.since or first), to_day=min(last, wanted.until or last), limit=MAX_ROWS,
        )  # fmt: skip
        premium, buy_backs = found[0]["sum_premium"], found[0]["sum_buy_backs"]
        return {
            "account": account,
            "currency": currency,
            "rows": found[0]["rows"],
            "total": {
                "premium": float(premium),
                "buy_backs": float(buy_backs),
                "net": float(premium + buy_backs),
                "fees": float(found[0]["sum_fees"]),
            },
            "items": [_premium(row) for row in found if row["id"] is not None],
        }

    def cycle(self, account: str, cycle: str) -> CycleRowsView:
        """Behind premium, fees and dividends of a wheel cycle. Raises UnknownCycle."""
        self._known(account)
        found = self._fetch("cycle_rows", account=account, cycle=cycle, limit=MAX_ROWS)
        if not found:
            raise UnknownCycle
        return {
            "account": account,
            "cycle": cycle,
            "currency": found[0]["currency"],
            "rows": found[0]["rows"],
            "total": {name: float(found[0][f"sum_{name}"]) for name in ("premium", "fees", "dividends")},  # type: ignore[typeddict-item]
            "items": [_of_cycle(row) for row in found],
        }


def _bucket(day: date, step: StepName) -> tuple[date, date]:
    if step == "day":
        return day, day
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _result(row: Row) -> ResultRow:
    return {
        "round_trip": row["id"],
        "contract": row["local_symbol"],
        "strategy": row["strategy"],
        "opened_on": row["opened_on"].isoformat(),
        "closed_on": row["closed_on"].isoformat(),
        "round_trips": row["trips"],
        "net": rows.number(row["net"]),
    }


def _premium(row: Row) -> PremiumRow:
    return {
        "round_trip": row["id"],
        "contract": row["local_symbol"],
        "opened_on": row["opened_on"].isoformat(),
        "closed_on": rows.day(row["closed_on"]),
        "premium": float(row["premium"]),
        "buy_backs": float(row["buy_backs"]),
        "net": float(row["premium"] + row["buy_backs"]),
        "fees": float(row["fees"]),
    }


def _of_cycle(row: Row) -> CycleRow:
    return {
        "round_trip": row["id"],
        "contract": row["what"],
        "opened_on": row["opened_on"].isoformat(),
        "closed_on": rows.day(row["closed_on"]),
        "premium": float(row["premium"]),
        "fees": float(row["fees"]),
        "dividends": float(row["dividends"]),
    }
