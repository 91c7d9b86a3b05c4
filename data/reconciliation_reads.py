"""Reads of agreement with the broker: statements with their trust reports, open breaks, cash flows. Reached as `Reads.agreement`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from data import cursor, rows
from data.cursor import BadCursor
from data.reconciliation_views import (
    CashFlowsView,
    CashFlowView,
    OpenBreak,
    OpenBreaksView,
    ReconciliationView,
    StatementView,
)
from data.rows import Row

FlowKind = Literal["deposit", "withdrawal", "dividend", "interest", "fee", "tax", "other", "conversion"]
MAX_ROWS = 1000
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
