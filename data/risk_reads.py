"""Reads of what can happen to what is held: all of it follows from the held rows and the account's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data import rows
from data.analytics import obligations, today
from data.risk_views import ExpiriesView, TodayView

if TYPE_CHECKING:
    from data.reads import Reads


def expiries(reads: Reads, account: str) -> ExpiriesView:
    """The expiry calendar with the assignment ladder. Raises as :class:`data.reads.Reads`."""
    row, _, _ = reads.portfolio_row(account)
    found = reads.position_rows(account)
    held = list(found.items.values())
    return {
        "account": account,
        "as_of": rows.iso(found.as_of),
        "currency": row.currency,
        "cash": row.figures["cash"],
        "free_cash": obligations.free_cash(row.figures["cash"], row.currency, held),
        "near_cash": obligations.near_cash(row.currency, reads.risk.cash_funds, held),
        "items": obligations.expiries(held),
    }


def today_view(reads: Reads, account: str) -> TodayView:
    """What asks for a decision, and why more can't be known. Raises as :class:`data.reads.Reads`."""
    row, _, seen = reads.portfolio_row(account)
    found = reads.position_rows(account)
    held = list(found.items.values())
    cash = today.Cash(
        obligations.free_cash(row.figures["cash"], row.currency, held),
        obligations.near_cash(row.currency, reads.risk.cash_funds, held),
    )
    breaks = reads.agreement.open_breaks(account)["count"]
    strategies = reads.strategies(account)
    unknown = [seen.reason] if seen.reason and seen.freshness.value in ("offline", "stale") else []
    unknown += today.unknown(held, cash, breaks)
    if strategies["agent"]["state"] == "away":
        unknown.append(strategies["agent"]["reason"] or "The strategy agent is away.")
    return {
        "account": account,
        "as_of": rows.iso(found.as_of),
        "freshness": seen.freshness.value,
        "free_cash": cash.free,
        "near_cash": cash.near,
        "items": today.lines(held, cash, strategies["items"], breaks, reads.risk),
        "unknown": unknown,
    }
