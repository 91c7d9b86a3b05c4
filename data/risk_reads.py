"""Reads of what can happen to what is held: all of it follows from the held rows and the account's figures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from data import rows
from data.analytics import assigned, greeks, obligations, today
from data.risk_views import AssignmentsView, BrokersMargin, ExpiriesView, GreeksView, PositionDetailView, TodayView

if TYPE_CHECKING:
    from data.reads import PortfolioRow, Reads

LOOK_BACK = timedelta(days=14)


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
        "near_cash": obligations.near_cash(row.currency, reads.risk.options.cash_funds, held),
        "broker": brokers_margin(row),
        "items": obligations.expiries(held),
    }


def brokers_margin(row: PortfolioRow) -> BrokersMargin:
    """What the broker says of its margin after the next expiration and at its next change."""
    margin: Any = {"as_of": rows.iso(row.as_of), **row.margin}
    return margin  # type: ignore[no-any-return]


def today_view(reads: Reads, account: str) -> TodayView:
    """What asks for a decision, and why more can't be known. Raises as :class:`data.reads.Reads`."""
    row, _, seen = reads.portfolio_row(account)
    found = reads.position_rows(account)
    held = list(found.items.values())
    cash = today.Cash(
        obligations.free_cash(row.figures["cash"], row.currency, held),
        obligations.near_cash(row.currency, reads.risk.options.cash_funds, held),
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
        "items": today.lines(
            held,
            assignments(reads, account)["items"],
            cash,
            strategies["items"],
            breaks,
            reads.risk.options,
            reads.agreement.suspected(account)["items"],
        ),
        "unknown": unknown,
    }


def assignments(reads: Reads, account: str) -> AssignmentsView:
    """Assignments and exercises of the last two weeks, confirmed or not. Raises as :class:`data.reads.Reads`."""
    moves, executions = reads.risk.moves(account, LOOK_BACK)
    return {"account": account, "items": assigned.assignments(moves, executions)}


class UnknownPosition(LookupError):  # noqa: N818 - what it is called everywhere
    """The contract isn't held in the account."""

    def __init__(self, account: str, con_id: int) -> None:
        super().__init__(
            f"Contract {con_id} is not held in account {account}; GET /api/portfolio/positions lists what is."
        )


def position(reads: Reads, account: str, con_id: int) -> PositionDetailView:
    """One held contract. Raises UnknownPosition, else as :class:`data.reads.Reads`."""
    found = reads.position_rows(account)
    held = found.items.get(con_id)
    if held is None:
        raise UnknownPosition(account, con_id)
    return {
        "account": account,
        "revision": found.revision,
        "position": held,
        "money": greeks.leg(held),
        "next_dividend": reads.risk.next_dividend(held["symbol"], held["currency"]),
    }


def portfolio_greeks(reads: Reads, account: str) -> GreeksView:
    """The Greeks of all that is held in money, and beta-weighted delta. Raises as :class:`data.reads.Reads`."""
    found = reads.position_rows(account)
    held = list(found.items.values())
    known = reads.risk.betas({position["symbol"] for position in held})
    benchmark = reads.risk.options.benchmark
    first = known[0] if known else {"benchmark_price": None, "benchmark_as_of": None}
    betas = greeks.Betas(
        benchmark,
        first["benchmark_price"],
        {
            (row["symbol"], row["currency"]): greeks.Beta(
                row["beta"], row["returns"], row["first_day"], row["last_day"]
            )
            for row in known
        },
    )
    items = greeks.by_underlying(held, betas)
    return {
        "account": account,
        "as_of": rows.iso(found.as_of),
        "benchmark": {
            "symbol": benchmark,
            "price": betas.price,
            "as_of": rows.iso(first["benchmark_as_of"]),
            "window": f"up to {greeks.SESSIONS} daily returns to the last stored close, at least {greeks.LEAST_RETURNS}",
        },
        "totals": greeks.sums(items),
        "items": items,
        "without": greeks.without(held),
    }
