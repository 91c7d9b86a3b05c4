"""Reads of trades: executions and round trips within a filter, page by page or block by block, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from data import rows
from data.book.orders import FilledOrder, Leg, orders
from data.book.sources import Fill, Terms
from data.book_views import RoundTripsView, RoundTripView
from data.rows import Row
from data.trade_filter import EVERYTHING, LATEST, Sorting, Wanted
from data.trade_views import (
    FiguresView,
    IncomeView,
    LegView,
    OrdersView,
    OrderView,
    PremiumView,
    PremiumViewName,
    StatisticsView,
    StepName,
    UnitName,
)
from data.views import TradesView

MAX_ROWS = 1000
MAX_OFFSET = 1_000_000
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


class TradeReads:
    """`fetch` answers named queries, `known` raises UnknownAccount. Every method raises DatabaseAway; pages also
    :class:`data.cursor.BadCursor`, and ValueError where the limit is not within 1 and 1000."""

    def __init__(self, fetch: Callable[..., list[Any]], known: Callable[[str], Any]) -> None:
        self._fetch, self._known = fetch, known

    def executions(
        self, account: str, wanted: Wanted = EVERYTHING, sorting: Sorting = LATEST, limit: int = 50,
        before: str | None = None, offset: int | None = None,
    ) -> TradesView:  # fmt: skip
        """Effective executions. With an `offset` the answer counts how many the filter has."""
        found, page, following = self._page("trades_page", "ts", account, wanted, sorting, limit, before, offset)
        return {
            "account": account,
            "revision": found["revision"],
            "total": self._total("trades_count", account, wanted, offset, page, following),
            "items": [rows.trade(row) for row in page],
            "next_before": following,
        }

    def round_trips(
        self, account: str, wanted: Wanted = EVERYTHING, sorting: Sorting = LATEST, limit: int = 50,
        before: str | None = None, offset: int | None = None,
    ) -> RoundTripsView:  # fmt: skip
        """Round trips; by time is by when they were opened."""
        found, page, following = self._page(
            "round_trips_page", "opened", account, wanted, sorting, limit, before, offset
        )
        return {
            "account": account,
            "revision": found["revision"],
            "as_of": rows.iso(found["folded_at"]),
            "total": self._total("round_trips_count", account, wanted, offset, page, following),
            "items": [trip_view(row) for row in page],
            "next_before": following,
        }

    def orders(self, account: str, wanted: Wanted = EVERYTHING, limit: int = 50, offset: int = 0) -> OrdersView:
        """Orders with an execution within the filter, the newest first; raises ValueError where the limit is not within 1 and
        1000."""
        if not 1 <= limit <= MAX_ROWS:
            raise ValueError(f"limit must be within 1 and {MAX_ROWS}.")
        self._known(account)
        found = self._fetch("orders_page", account=account, wanted=wanted.json(), limit=limit, offset=offset)
        return {
            "account": account,
            "revision": found[0]["revision"],
            "total": found[0]["total"],
            "items": order_views([row for row in found if row["filled_order"] is not None]),
        }

    def statistics(self, account: str, wanted: Wanted = EVERYTHING, unit: UnitName = "chain") -> StatisticsView:
        """Of what is closed and not left out; the filter is of the round trip that began it."""
        self._known(account)
        found = self._fetch("trade_statistics", account=account, wanted=wanted.json(), unit=unit)
        parts: dict[str, list[FiguresView]] = defaultdict(list)
        for row in found:
            if row["part"] is not None:
                parts[row["part"]].append(_figures(row))
        return {
            "account": account,
            "as_of": rows.iso(found[0]["folded_at"]),
            "unit": unit,
            "left_out": found[0]["left_out"],
            "total": parts["total"],
            "by_symbol": parts["by_symbol"],
            "by_strategy": parts["by_strategy"],
            "by_dte": parts["by_dte"],
            "by_weekday": parts["by_weekday"],
        }

    def premium(
        self, account: str, wanted: Wanted = EVERYTHING, view: PremiumViewName = "open", step: StepName = "month",
    ) -> PremiumView:  # fmt: skip
        """Premium income of short options; the filter's days are those of the income."""
        self._known(account)
        trips = Wanted(**{name: getattr(wanted, name) for name in Wanted.__slots__ if name not in ("since", "until")})
        found = self._fetch(
            "premium_income", account=account, wanted=trips.json(), view=view, step=step,
            from_day=wanted.since or FIRST_DAY, to_day=wanted.until or LAST_DAY,
        )  # fmt: skip
        return {
            "account": account,
            "as_of": rows.iso(found[0]["folded_at"]),
            "view": view,
            "step": step,
            "items": [_income(row) for row in found if row["day"] is not None],
        }

    def _page(
        self, name: str, time: str, account: str, wanted: Wanted, sorting: Sorting, limit: int, before: str | None,
        offset: int | None,
    ) -> tuple[Row, list[Row], str | None]:  # fmt: skip
        """A row with the state of all, the page, and where the next one begins."""
        if not 1 <= limit <= MAX_ROWS:
            raise ValueError(f"limit must be within 1 and {MAX_ROWS}.")
        place = sorting.after(before)
        self._known(account)
        found = self._fetch(
            name,
            account=account,
            wanted=wanted.json(),
            limit=limit + 1,
            offset=offset or 0,
            **sorting.parameters(),
            **place,
        )
        page = [row for row in found if row["id"] is not None]
        more, page = len(page) > limit, page[:limit]
        return found[0], page, sorting.cursor(page[-1], time) if more else None

    def _total(
        self, name: str, account: str, wanted: Wanted, offset: int | None, page: Sequence[Row], following: str | None
    ) -> int | None:  # fmt: skip
        """Counted only for who goes by offset: a cursor needs no end. The last page tells by itself."""
        if offset is None:
            return None
        if following is None and (page or not offset):
            return offset + len(page)
        total: int = self._fetch(name, account=account, wanted=wanted.json())[0]["total"]
        return total


def trip_view(row: Row) -> RoundTripView:
    net, base = row["net"], row["base"]
    is_closed = row["closed"] is not None
    return {
        "id": row["id"],
        "con_id": row["con_id"],
        "symbol": row["symbol"],
        "local_symbol": row["local_symbol"],
        "sec_type": row["sec_type"],
        "expiry": rows.day(row["expiry"]),
        "strike": rows.number(row["strike"]),
        "right": row["right"],
        "multiplier": row["multiplier"],
        "currency": row["currency"],
        "side": "long" if row["direction"] > 0 else "short",
        "opened": rows.stamp(row["opened"]),
        "opened_on": row["opened_on"].isoformat(),
        "closed": rows.iso(row["closed"]),
        "closed_on": rows.day(row["closed_on"]),
        "ended_by": row["ended_by"],
        "holding_s": (row["closed"] - row["opened"]).total_seconds() if is_closed else None,
        "dte": row["dte"],
        "quantity": float(row["quantity"]),
        "peak": float(row["peak"]),
        "open_price": rows.number(row["open_price"]),
        "close_price": rows.number(row["close_price"]),
        "gross": float(row["gross"]),
        "fees": float(row["fees"]),
        "foreign_fees": {currency: float(fee) for currency, fee in row["foreign_fees"].items()},
        "net": rows.number(net),
        "broker_net": None if net is None else float(net + row["carried"]),
        "total_return": float(net / base) if is_closed and net is not None and base else None,
        "base": rows.number(base),
        "base_kind": row["base_kind"],
        "strategy": row["strategy"],
        "chain": row["chain"],
        "cycle": row["cycle"],
        "is_by_hand": row["is_by_hand"],
        "rolls": max(0, row["rolls"]),
        "is_rolled": row["is_rolled"] is True,
        "executions": row["executions"],
        "note": row["note"],
        "tags": row["tags"],
        "excluded": row["excluded"],
    }


def order_views(found: Sequence[Row]) -> list[OrderView]:
    """Executions folded into orders, in the order in which they came."""
    folded = {order.id: order for order in orders(_fill(row) for row in found)}
    references = {row["filled_order"]: row["order_ref"] for row in found}
    return [order_view(folded[name], references[name]) for name in references if name in folded]


def order_view(order: FilledOrder, reference: str | None) -> OrderView:
    cash: dict[str, float] = {}
    for leg in order.legs:
        cash[leg.terms.currency] = cash.get(leg.terms.currency, 0.0) + float(leg.money)
    return {
        "id": order.id,
        "first": rows.stamp(order.first),
        "time": rows.stamp(order.last),
        "strategy": order.strategy,
        "order_ref": reference,
        "executions": len(order.fills),
        "legs": [_leg(leg) for leg in order.legs],
        "cash": cash,
        "fees": {currency: float(fee) for currency, fee in order.fees.items()},
    }


def _leg(leg: Leg) -> LegView:
    terms = leg.terms
    return {
        "con_id": terms.con_id,
        "symbol": terms.symbol,
        "local_symbol": terms.local_symbol,
        "sec_type": terms.sec_type,
        "expiry": rows.day(terms.expiry),
        "strike": rows.number(terms.strike),
        "right": terms.right,
        "currency": terms.currency,
        "quantity": float(leg.quantity),
        "price": rows.number(leg.average_price),
        "cash": float(leg.money),
    }


def _fill(row: Row) -> Fill:
    strike = None if row["strike"] is None else Decimal(repr(row["strike"]))
    terms = Terms(
        row["con_id"], row["symbol"], row["local_symbol"], row["sec_type"], row["currency"], Decimal(repr(row["multiplier"])), strike,
        row["right"], row["expiry"],
    )  # fmt: skip
    return Fill(
        row["base_exec_id"], terms, row["ts"], row["session_date"], row["quantity"], row["price"], row["kind"], row["commission"],
        row["commission_currency"], row["filled_order"], row["strategy"],
    )  # fmt: skip


def _figures(row: Row) -> FiguresView:
    """Of a row of the query `trade_statistics`; what has no base has no ratio."""
    count, wins, losses, won, lost = (row[name] for name in ("count", "wins", "losses", "won", "lost"))
    return {
        "name": row["name"],
        "currency": row["currency"],
        "count": count,
        "wins": wins,
        "losses": losses,
        "unknown": row["unknown"],
        "net": float(won + lost),
        "win_rate": wins / count if count else None,
        "profit_factor": float(won / -lost) if lost else None,
        "expectancy": float((won + lost) / count) if count else None,
        "average_win": float(won / wins) if wins else None,
        "average_loss": float(lost / losses) if losses else None,
    }


def _income(row: Row) -> IncomeView:
    return {
        "day": row["day"].isoformat(),
        "currency": row["currency"],
        "premium": float(row["premium"]),
        "buy_backs": float(row["buy_backs"]),
        "net": float(row["premium"] + row["buy_backs"]),
        "fees": float(row["fees"]),
    }
