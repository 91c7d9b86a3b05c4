"""Figures of a wheel cycle: premium, the broker's basis and the wheel's break-even, returns on two capitals. Pure.

Capital is what the cycle bound, over time: a short put strike × multiplier − premium where it is cash-secured; on Regulation
T's margin (Cboe, *Margin Manual*: the premium plus the greater of 20 % of the underlying less what it is out of the money, and
10 % of the strike) an estimate, as of the opening. Shares bind what was paid for them, half of it on margin; calls that shares
cover bind nothing. Returns are annualised without compounding, over 365 days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from data.book.chains import Group
from data.book.lots import DAY_S, Trip, capital_time
from data.book.sources import ZERO, Flow

Stage = Literal["put", "shares", "covered", "call", "other", "closed"]  # what is open of it
UnderlyingPrice = Callable[[str, date], Decimal | None]

YEAR_S = 365 * DAY_S
NAKED, NAKED_FLOOR, SHARES = Decimal("0.20"), Decimal("0.10"), Decimal("0.50")
SHORTEST = timedelta(days=1)  # what was held for less has no annualised return


@dataclass(frozen=True, slots=True)
class Bound:
    """Money that a cycle bound, over time: money × seconds up to `until`, and what it binds since."""

    money_seconds: Decimal
    now: Decimal
    until: datetime


@dataclass(frozen=True, slots=True)
class Capital:
    """The average that a cycle bound, and its result on that: fractions of 1. None where something isn't known."""

    average: Decimal | None
    total_return: Decimal | None
    annualised: Decimal | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Money in the group's currency. `cash` is everything that came less what went, fees and dividends included; `premium` is options' money before fees, buy-backs taken off.

    Per share held: `paid` (what the shares were bought for, fees included), `broker_basis` (less the premium of the puts that
    brought them: booked there a day or two later) and the wheel's `break_even` (less everything else that came; of puts alone:
    if they are assigned). Neither replaces the other.
    """

    group: Group
    stage: Stage
    shares: Decimal
    premium: Decimal
    fees: Decimal
    dividends: Decimal
    cash: Decimal | None
    paid: Decimal | None
    broker_basis: Decimal | None
    break_even: Decimal | None
    secured: Bound | None
    margin: Bound | None


def cycle(group: Group, price: UnderlyingPrice, flows: Iterable[Flow] = ()) -> Cycle:
    """`price`: of an underlying at the close of a day; `flows`: of these, dividends of the symbol while shares were held."""
    options = [trip for trip in group.trips if trip.terms.is_option]
    holdings = [trip for trip in group.trips if not trip.terms.is_option]
    dividends = sum((f.amount for f in flows if _is_ours(f, holdings, group)), ZERO)
    is_known = not group.is_partial and not group.foreign_fees
    cash = group.net + dividends if is_known else None
    held = [trip for trip in holdings if trip.quantity]
    shares = sum((trip.quantity for trip in held), ZERO)
    per_share = shares > 0 and is_known
    return Cycle(
        group=group,
        stage="closed" if group.is_closed else _stage(options, shares),
        shares=shares,
        premium=sum((trip.gross for trip in options), ZERO),
        fees=group.fees,
        dividends=dividends,
        cash=cash,
        paid=-sum((trip.basis for trip in held), ZERO) / shares if per_share else None,
        broker_basis=sum((trip.broker_basis for trip in held), ZERO) / shares if per_share else None,
        break_even=_break_even(options, shares, cash),
        secured=_bound(group, secured),
        margin=_bound(group, lambda trip, units, cost: _margin(trip, units, cost, price)),
    )


def _is_ours(flow: Flow, holdings: Iterable[Trip], group: Group) -> bool:
    if flow.kind not in ("dividend", "tax") or (flow.symbol, flow.currency) != (group.symbol, group.currency):
        return False
    return any(t.opened <= flow.ts and (t.closed is None or flow.ts <= t.closed) for t in holdings)


def _stage(options: Iterable[Trip], shares: Decimal) -> Stage:
    open_rights = {trip.terms.right for trip in options if trip.quantity < 0}
    if shares > 0:
        return "covered" if "C" in open_rights else "shares"
    return "put" if "P" in open_rights else "call" if "C" in open_rights else "other"


def _break_even(options: Iterable[Trip], shares: Decimal, cash: Decimal | None) -> Decimal | None:
    """Of shares: what they have to be sold for so that the cycle comes out at nothing. Of puts: the same if assigned."""
    if cash is None:
        return None
    if shares > 0:
        return -cash / shares
    puts = [trip for trip in options if trip.quantity < 0 and trip.terms.right == "P" and trip.terms.strike is not None]
    units = sum((-trip.quantity * trip.terms.multiplier for trip in puts), ZERO)
    due = sum((-t.quantity * t.terms.multiplier * (t.terms.strike or ZERO) for t in puts), ZERO)
    return (due - cash) / units if units else None


def capital(bound: Bound | None, opened: datetime, end: datetime, pnl: Decimal | None) -> Capital:
    """At `end`: when it closed, or now. `pnl`: what came out, with what is open at its mark."""
    elapsed = _seconds(end - opened)
    if bound is None or elapsed <= 0:
        return Capital(None, None, None)
    total = bound.money_seconds + bound.now * max(_seconds(end - bound.until), ZERO)
    if total <= 0:
        return Capital(None, None, None)
    average = total / elapsed
    if pnl is None:
        return Capital(average, None, None)
    return Capital(average, pnl / average, pnl * YEAR_S / total if end - opened >= SHORTEST else None)


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span.days * DAY_S + span.seconds)


Binding = Callable[[Trip, Decimal, Decimal], Decimal | None]  # of units and their cost, both over time or as of now


def _bound(group: Group, binding: Binding) -> Bound | None:
    """None where what a trip binds isn't known."""
    until = max(trip.until for trip in group.trips)
    seconds, now = ZERO, ZERO
    for trip in group.trips:
        past = binding(trip, *capital_time(trip, until))
        present = binding(trip, abs(trip.quantity), trip.bound)
        if past is None or present is None:
            return None
        seconds, now = seconds + past, now + present
    return Bound(seconds, now, until)


def secured(trip: Trip, units: Decimal, cost: Decimal) -> Decimal | None:
    """Cash behind `units` of a trip that cost (negative: brought) `cost`; None where neither cash nor shares secure it."""
    if trip.direction > 0:
        return cost
    if trip.terms.right == "P" and trip.terms.strike is not None:
        return units * trip.terms.strike * trip.terms.multiplier + cost  # cost is negative: the premium
    return ZERO if trip.terms.right == "C" else None


def _margin(trip: Trip, units: Decimal, cost: Decimal, price: UnderlyingPrice) -> Decimal | None:
    terms = trip.terms
    if trip.direction > 0:
        return cost if terms.is_option else cost * SHARES
    if terms.right == "C":
        return ZERO
    underlying = price(terms.symbol, trip.opened_on)
    if underlying is None or terms.strike is None:
        return None
    out_of_the_money = max(underlying - terms.strike, ZERO)
    margin = max(NAKED * underlying - out_of_the_money, NAKED_FLOOR * terms.strike)
    return units * margin * terms.multiplier - cost
