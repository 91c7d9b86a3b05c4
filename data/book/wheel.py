"""Figures of a wheel cycle: premium, the broker's basis and the wheel's break-even, returns on two capitals. Pure.

Capital is what the cycle bound, over time: a short put strike × multiplier − premium where it is cash-secured; on Regulation
T's margin (Cboe, *Margin Manual*: the premium plus the greater of 20 % of the underlying less what it is out of the money, and
10 % of the strike) an estimate, as of the opening. Shares bind what was paid for them, half of it on margin; calls that shares
cover bind nothing. Returns are annualised without compounding, over 365 days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from data.book.chains import Group
from data.book.lots import DAY_S, Trip, capital_time
from data.book.sources import ZERO, Flow

Stage = Literal["put", "shares", "covered", "call", "closed"]
UnderlyingPrice = Callable[[str, date], Decimal | None]

YEAR_S = 365 * DAY_S
NAKED, NAKED_FLOOR, SHARES = Decimal("0.20"), Decimal("0.10"), Decimal("0.50")
SHORTEST = timedelta(days=1)  # what was held for less has no annualised return


@dataclass(frozen=True, slots=True)
class Capital:
    """What a cycle bound on average, and its net on that: fractions of 1. None where something isn't known."""

    average: Decimal | None
    total_return: Decimal | None
    annualised: Decimal | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Money in the group's currency. `cash` is everything that came less what went, fees and dividends included; `pnl` is that
    and what is open at its marks, None where one isn't known. `premium` is options' money before fees, buy-backs taken off.

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
    pnl: Decimal | None
    paid: Decimal | None
    broker_basis: Decimal | None
    break_even: Decimal | None
    secured: Capital
    margin: Capital


def cycle(
    group: Group,
    now: datetime,
    price: UnderlyingPrice,
    flows: Iterable[Flow] = (),
    marks: Mapping[int, Decimal] | None = None,
) -> Cycle:
    """`price`: of an underlying at the close of a day; `flows`: of these, dividends of the symbol while shares were held;
    `marks`: prices by con_id of what is open."""
    options = [trip for trip in group.trips if trip.terms.is_option]
    holdings = [trip for trip in group.trips if not trip.terms.is_option]
    dividends = sum((f.amount for f in flows if _is_ours(f, holdings, group)), ZERO)
    is_known = not group.is_partial and not group.foreign_fees
    cash = group.net + dividends if is_known else None
    pnl = _with_open(cash, group, marks or {})
    held = [trip for trip in holdings if trip.quantity]
    shares = sum((trip.quantity for trip in held), ZERO)
    per_share = shares > 0 and is_known
    return Cycle(
        group=group,
        stage=_stage(options, shares),
        shares=shares,
        premium=sum((trip.gross for trip in options), ZERO),
        fees=group.fees,
        dividends=dividends,
        cash=cash,
        pnl=pnl,
        paid=-sum((trip.basis for trip in held), ZERO) / shares if per_share else None,
        broker_basis=sum((trip.broker_basis for trip in held), ZERO) / shares if per_share else None,
        break_even=_break_even(options, shares, cash),
        secured=_capital(group, now, pnl, lambda trip, units, cost: _secured(trip, units, cost)),
        margin=_capital(group, now, pnl, lambda trip, units, cost: _margin(trip, units, cost, price)),
    )


def _with_open(cash: Decimal | None, group: Group, marks: Mapping[int, Decimal]) -> Decimal | None:
    """The result if what is open went at its mark."""
    for trip in group.trips:
        if trip.quantity and cash is not None:
            mark = marks.get(trip.terms.con_id)
            cash = None if mark is None else cash + trip.quantity * mark * trip.terms.multiplier
    return cash


def _is_ours(flow: Flow, holdings: Iterable[Trip], group: Group) -> bool:
    if flow.kind not in ("dividend", "tax") or (flow.symbol, flow.currency) != (group.symbol, group.currency):
        return False
    return any(t.opened <= flow.ts and (t.closed is None or flow.ts <= t.closed) for t in holdings)


def _stage(options: Iterable[Trip], shares: Decimal) -> Stage:
    open_rights = {trip.terms.right for trip in options if trip.quantity < 0}
    if shares > 0:
        return "covered" if "C" in open_rights else "shares"
    return "put" if "P" in open_rights else "call" if "C" in open_rights else "closed"


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


Bound = Callable[[Trip, Decimal, Decimal], Decimal | None]  # of unit-seconds and cost-seconds: money-seconds


def _capital(group: Group, now: datetime, pnl: Decimal | None, bound: Bound) -> Capital:
    end = group.closed or now
    elapsed = Decimal((end - group.opened).total_seconds())
    parts = [bound(trip, *capital_time(trip, now)) for trip in group.trips]
    if None in parts or elapsed <= 0:
        return Capital(None, None, None)
    total = sum((part for part in parts if part is not None), ZERO)
    if total <= 0:
        return Capital(None, None, None)
    average = total / elapsed
    if pnl is None:
        return Capital(average, None, None)
    annual = pnl * YEAR_S / total if end - group.opened >= SHORTEST else None
    return Capital(average, pnl / average, annual)


def _secured(trip: Trip, units: Decimal, cost: Decimal) -> Decimal | None:
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
