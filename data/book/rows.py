"""Round trips and wheel cycles as their tables have them. No I/O."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from data.book.lots import Trip
from data.book.premium import sales
from data.book.wheel import Bound, Cycle

Row = dict[str, Any]


def trip_row(account: str, trip: Trip, chain: str | None, cycle: str | None) -> Row:
    """A row of round_trips."""
    base, kind = base_of(trip)
    is_known = not trip.is_partial and not trip.foreign_fees
    return {
        "account": account,
        "trip": trip.id,
        "con_id": trip.terms.con_id,
        "direction": trip.direction,
        "opened": trip.opened,
        "opened_on": trip.opened_on,
        "closed": trip.closed,
        "closed_on": trip.closed_on,
        "ended_by": trip.ended_by,
        "dte": days_to_expiry(trip),
        "quantity": trip.quantity,
        "peak": trip.peak,
        "open_price": None if trip.is_partial else _price(trip.open_money, trip.open_quantity, trip),
        "close_price": _price(trip.close_money, trip.close_quantity, trip),
        "gross": trip.gross,
        "fees": trip.fees,
        "foreign_fees": trip.foreign_fees,
        "net": trip.net if is_known else None,
        "carried": trip.carried,
        "base": base,
        "base_kind": kind if base is not None else None,
        "strategy": trip.strategy,
        "chain": chain,
        "cycle": cycle,
        "executions": list(dict.fromkeys(fill.key for fill in trip.fills)),
        "sold": [
            {name: getattr(part, name) for name in ("opened", "closed", "expiry", "premium", "buy_back", "fees")}
            for part in sales([trip])
        ],
    }


def days_to_expiry(trip: Trip) -> int | None:
    """From the opening's trading day."""
    expiry = trip.fills[0].terms.expiry
    return None if expiry is None else (expiry - trip.opened_on).days


def base_of(trip: Trip) -> tuple[Decimal | None, str]:
    """What the return of a trip is on: of short puts the cash that secures them, of short calls their strike, each less the
    premium; of longs the cost; of short shares the proceeds."""
    if trip.is_partial:
        return None, ""
    terms, received = trip.terms, trip.open_money
    if trip.direction > 0:
        return _positive(-received), "cost"
    if not terms.is_option or terms.strike is None:
        return _positive(received), "proceeds"
    secured = trip.open_quantity * terms.strike * terms.multiplier - received
    return _positive(secured), "cash_secured" if terms.right == "P" else "strike"


def cycle_row(account: str, cycle: Cycle) -> Row:
    """A row of wheel_cycles."""
    group = cycle.group
    return {
        "account": account,
        "cycle": group.id,
        "symbol": group.symbol,
        "currency": group.currency,
        "stage": cycle.stage,
        "strategy": group.strategy,
        "opened": group.opened,
        "opened_on": group.opened_on,
        "closed": group.closed,
        "closed_on": group.closed_on,
        "trips": len(group.trips),
        "rolls": len(group.rolls),
        "shares": cycle.shares,
        "premium": cycle.premium,
        "fees": cycle.fees,
        "dividends": cycle.dividends,
        "cash": cycle.cash,
        "paid": cycle.paid,
        "broker_basis": cycle.broker_basis,
        "break_even": cycle.break_even,
        "secured_seconds": _seconds(cycle.secured),
        "secured_now": cycle.secured and cycle.secured.now,
        "margin_seconds": _seconds(cycle.margin),
        "margin_now": cycle.margin and cycle.margin.now,
        "bound_until": max(trip.until for trip in group.trips),
    }


def _seconds(bound: Bound | None) -> Decimal | None:
    return None if bound is None else bound.money_seconds


def _price(money: Decimal, quantity: Decimal, trip: Trip) -> Decimal | None:
    """An average of what was paid or received for a unit, never negative for an ordinary price."""
    units = quantity * trip.terms.multiplier
    return abs(money) / units if units else None


def _positive(amount: Decimal) -> Decimal | None:
    return amount if amount > 0 else None
