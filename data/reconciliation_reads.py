"""Reads of agreement with the broker: statements with their trust reports, open breaks, cash flows. Reached as `Reads.agreement`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from data import cursor, rows
from data.analytics.positions import NEW_YORK
from data.cursor import BadCursor
from data.history_rows import ALWAYS
from data.reconciliation.bridge import Cause, Step, bridge
from data.reconciliation_views import (
    BridgeRowsView,
    BridgeView,
    CashFlowsView,
    CashFlowView,
    OpenBreak,
    OpenBreaksView,
    ReconciliationView,
    StatementView,
    SuspectedTransfer,
    SuspectedTransfersView,
)
from data.rows import Row

FlowKind = Literal["deposit", "withdrawal", "dividend", "interest", "fee", "tax", "other", "conversion"]
Figure = Literal["total_pnl", "daily_pnl"]
CauseOfRows = Literal["income", "earlier", "premium"]
MAX_ROWS = 1000
FIGURES: dict[Figure, tuple[str, str]] = {
    "total_pnl": ("Total P&L here", "TWS: unrealised P&L, and realised P&L of today"),
    "daily_pnl": ("Net liquidation since the close of the session before, without deposits", "TWS: daily P&L"),
}
Known = tuple[Decimal | None, Decimal | None, list[tuple[Cause, Decimal | None]]]
LAST_FLOW = "\U0010ffff"


class ReconciliationReads:
    """`fetch` answers named queries; `known` raises when there is no such account. Every method raises what
    :class:`data.reads.Reads` raises."""

    def __init__(self, fetch: Callable[..., list[Any]], known: Callable[[str], object]) -> None:
        self._fetch, self._known = fetch, known

    def reconciliation(self, account: str) -> ReconciliationView:
        """Every statement of an account with its trust report, newest period first."""
        self._known(account)
        found = self._fetch("reconciliation", account=account)
        compared = [row for row in found if row["report"] is not None]
        return {
            "account": account,
            "as_of": rows.iso(max((row["made_at"] for row in compared), default=None)),
            "open_breaks": sum(row["open_breaks"] for row in compared) if compared else None,
            "items": [statement_view(row) for row in found],
        }

    def open_breaks(self, account: str, limit: int = 20) -> OpenBreaksView:
        """What doesn't agree with the broker: how many causes, and the first of them, newest period first."""
        view = self.reconciliation(account)
        items: list[OpenBreak] = [
            {**each, "statement": item["id"], "first_day": item["first_day"], "last_day": item["last_day"]}
            for item in view["items"]
            if item["report"] is not None
            for each in item["report"]["breaks"]
        ]
        return {"account": account, "as_of": view["as_of"], "count": view["open_breaks"], "items": items[:limit]}

    def bridge(self, account: str, figure: Figure = "total_pnl") -> BridgeView:
        """Why our P&L isn't the broker's: the known causes, each with its amount, and what none explains."""
        row, span = self._span(account)
        (known,) = self._fetch("pnl_bridge", account=account, **span)
        ours, broker, steps = (_total if figure == "total_pnl" else _daily)(row, known)
        found = None if ours is None or broker is None else bridge(ours, broker, steps)
        ours_name, broker_name = FIGURES[figure]
        return {
            "account": account,
            "figure": figure,
            "currency": row["currency"] or row["base_currency"],
            "as_of": rows.iso(row["as_of"]),
            "ours": float(found.ours) if found else None,
            "ours_name": ours_name,
            "broker": float(found.broker) if found else None,
            "broker_name": broker_name,
            "steps": [
                {"cause": step.cause, "amount": rows.number(step.amount), "reason": _reason(step, known)}
                for step in (found.steps if found else ())
            ],
        }

    def bridge_rows(self, account: str, figure: Figure, cause: CauseOfRows) -> BridgeRowsView:
        """The rows that a step of :meth:`bridge` is made of, the newest 1000 of them."""
        row, span = self._span(account)
        found = self._fetch("bridge_rows", account=account, figure=figure, cause=cause, limit=MAX_ROWS, **span)
        return {
            "account": account,
            "figure": figure,
            "cause": cause,
            "currency": row["currency"] or row["base_currency"],
            "rows": found[0]["rows"],
            "total": {"amount": rows.number(found[0]["sum"])},
            "items": [
                {"what": each["what"], "day": each["day"].isoformat(), "amount": rows.number(each["amount"])}
                for each in found
                if each["id"] is not None
            ],
        }

    def _span(self, account: str) -> tuple[Row, dict[str, Any]]:
        """The account's figures, and the days of the bridge: since when total P&L counts, and which day it is."""
        self._known(account)
        (row,) = self._fetch("portfolio", account=account)
        since = row["baseline_at"] or ALWAYS
        return row, {"since": since, "session_date": row["session_date"] or since.date()}

    def suspected(self, account: str) -> SuspectedTransfersView:
        """Deposits and withdrawals that the broker's figures give away, newest first, at most 100."""
        self._known(account)
        found = self._fetch("suspected_transfers", account=account)
        return {"account": account, "items": [suspected_view(row) for row in found]}

    def cash_flows(
        self,
        account: str,
        kind: FlowKind | None = None,
        currency: str | None = None,
        symbol: str | None = None,
        since: date | None = None,
        until: date | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> CashFlowsView:
        """A page of cash flows, newest first, and the sums over all of them; None: whatever. `since` and `until` are trading
        days, both included. Raises BadCursor, and ValueError where the limit is not within 1 and 1000."""
        if not 1 <= limit <= MAX_ROWS:
            raise ValueError(f"limit must be within 1 and {MAX_ROWS}.")
        at, flow = _decode(before) if before is not None else ("infinity", LAST_FLOW)
        self._known(account)
        chosen = {
            "account": account,
            "kind": kind,
            "currency": currency,
            "symbol": symbol,
            "from_day": since,
            "to_day": until,
        }
        found = self._fetch("cash_flows_page", **chosen, before_ts=at, before_flow=flow, limit=limit + 1)
        page = [row for row in found if row["flow_id"] is not None]
        more, page = len(page) > limit, page[:limit]
        return {
            "account": account,
            "base_currency": found[0]["base_currency"] if found else None,
            "totals": [
                {
                    "currency": row["currency"],
                    "kind": row["kind"],
                    "rows": row["rows"],
                    "amount": float(row["amount"]),
                    "base_amount": rows.number(row["base_amount"]),
                }
                for row in self._fetch("cash_flow_totals", **chosen)
            ],
            "items": [flow_view(row) for row in page],
            "next_before": _encode(page[-1]["ts"], page[-1]["flow_id"]) if more else None,
        }


def suspected_view(row: Row) -> SuspectedTransfer:
    at, currency = row["ts"].astimezone(NEW_YORK), row["base_currency"]
    kind = "deposit" if row["amount"] > 0 else "withdrawal"
    words = f"suspected {kind} of about {abs(row['amount']):,.2f} {currency or ''}".rstrip()
    text = f"{words} on {at:%Y-%m-%d at %H:%M} (New York)"
    return {
        "time": rows.stamp(row["ts"]),
        "session_date": row["session_date"].isoformat(),
        "amount": float(row["amount"]),
        "currency": currency,
        "is_open": row["is_open"],
        "text": f"{text}, not in P&L: import a statement to confirm." if row["is_open"] else f"{text}, answered.",
    }


def _exact(value: float | None) -> Decimal | None:
    """A sampled amount as it was reported."""
    number = rows.number(value)
    return None if number is None else Decimal(repr(number))


def _less(*amounts: Decimal | None) -> Decimal | None:
    """The first less all others; None where one isn't known."""
    first, *rest = amounts
    if first is None or None in rest:
        return None
    return first - sum((each for each in rest if each is not None), Decimal(0))


def _minus(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


def _reason(step: Step, known: Row) -> str:
    return f"{step.reason} Of today: {known['fees_today']:,.2f}." if step.cause == "fees" else step.reason


def _total(row: Row, known: Row) -> Known:
    ours = _less(_exact(row["net_liquidation"]), _exact(row["baseline_net_liquidation"]), row["transfers"])
    open_pnl, realized = _exact(row["unrealized_pnl"]), _exact(row["realized_pnl"])
    broker = None if open_pnl is None or realized is None else open_pnl + realized
    steps: list[tuple[Cause, Decimal | None]] = [
        ("earlier", -known["earlier"]),
        ("premium", -known["carried"]),
        ("income", _minus(known["income"])),
        ("accruals", _minus(_exact(known["accruals"]))),
        ("currency", None if known["has_foreign"] else Decimal(0)),
        ("fees", Decimal(0)),
        ("marks", _marks(row, known)),
    ]
    return ours, broker, steps


def _daily(row: Row, known: Row) -> Known:
    ours = _less(_exact(row["net_liquidation"]), _exact(row["previous_equity"]), known["transfers_today"])
    steps: list[tuple[Cause, Decimal | None]] = [
        ("income", _minus(known["income_today"])),
        ("currency", None if known["has_foreign"] else Decimal(0)),
        ("paid", _exact(known["paid_out"])),
        ("reset", _reset(row, known)),
        ("fees", Decimal(0)),
        ("marks", _marks(row, known)),
    ]
    return ours, _exact(row["daily_pnl"]), steps


def _marks(row: Row, known: Row) -> Decimal | None:
    """All in the base currency: else an exchange move would look like one."""
    if known["has_foreign"]:
        return None
    ours = _less(_exact(row["net_liquidation"]), _exact(row["cash"]), _exact(known["accruals_now"]))
    return _less(_exact(known["held"]), ours)


def _reset(row: Row, known: Row) -> Decimal | None:
    """From the close to the broker's reset, without what was moved or booked meanwhile: that has steps of its own."""
    before = _less(_exact(known["reset_worth"]), _exact(row["previous_equity"]), known["reset_flows"])
    return _minus(before)


def statement_view(row: Row) -> StatementView:
    return {
        "id": row["id"],
        "first_day": row["first_day"].isoformat(),
        "last_day": row["last_day"].isoformat(),
        "base_currency": row["base_currency"],
        "query": row["query"],
        "file_name": row["file_name"],
        "generated_at": rows.stamp(row["generated_at"]),
        "imported_at": rows.stamp(row["imported_at"]),
        "result": row["result"],
        "compared_at": rows.iso(row["made_at"]),
        "report": row["report"],
    }


def flow_view(row: Row) -> CashFlowView:
    rate = row["rate_to_base"]
    if rate is None and row["currency"] == row["base_currency"]:
        rate = 1.0
    return {
        "id": row["flow_id"],
        "time": rows.stamp(row["ts"]),
        "session_date": row["session_date"].isoformat(),
        "kind": row["kind"],
        "amount": float(row["amount"]),
        "currency": row["currency"],
        "rate_to_base": rows.number(rate),
        "base_amount": rows.number(row["base_amount"]),
        "base_currency": row["base_currency"],
        "symbol": row["symbol"],
        "con_id": row["con_id"],
        "description": row["description"],
        "source": row["source"],
    }


def _encode(at: datetime, flow: str) -> str:
    """A cursor whose second part is a text."""
    return base64.urlsafe_b64encode(json.dumps([cursor.encode(at, 0), flow]).encode()).decode().rstrip("=")


def _decode(text: str) -> tuple[datetime, str]:
    """Raises BadCursor."""
    try:
        at, flow = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if isinstance(flow, str) and "\0" not in flow and _encode(moment := cursor.decode(at)[0], flow) == text:
            return moment, flow
    except (binascii.Error, ValueError, TypeError, AttributeError):
        pass
    raise BadCursor("This is not a cursor of this program: leave `before` out to begin at the newest.")
