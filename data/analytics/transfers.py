"""Deposits and withdrawals that no statement has told of yet, by what they do to cash and to net liquidation. Pure.

The broker's API never says that money was moved in or out. But cash moves by bookings alone: what neither a fill nor an accrual that
is paid out explains came from elsewhere. It is suspected to be a transfer if net liquidation moved by as much beyond the broker's
daily P&L: that is not so where a trade or an assignment wasn't told, because its other side is a position. Balances are compared in
their own currency, so that exchange moves are nothing; prices don't touch cash at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

LEAST, LEAST_SHARE = Decimal(250), Decimal("0.0025")
"""What is less, or a smaller share of net liquidation, may be interest or a fee."""
TOGETHER = timedelta(minutes=5)
"""A fill and its cash are told within this: changes that follow each other more closely are looked at as one."""
SKEW = timedelta(seconds=5)  # of the broker's clock against ours
UNSEEN = timedelta(minutes=30)
"""After a longer time without figures, net liquidation says nothing of one booking any more."""
ALIKE, ALIKE_ALONE = Decimal("0.2"), Decimal("0.05")
"""How far, as a share, net liquidation may be off: beyond the day's P&L; by itself, where that was reset."""
ZERO, CENT = Decimal(0), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Worth:
    """Net liquidation and the broker's daily P&L (None: not known) at one moment."""

    ts: datetime
    net: Decimal
    daily: Decimal | None


@dataclass(frozen=True, slots=True)
class Cash:
    """What held from `worth.ts` on: by currency the balance and its rate to the base currency; dividends and interest that are owed,
    in the base currency (None: not known). `before`: as last told before that."""

    worth: Worth
    balances: Mapping[str, tuple[Decimal, Decimal]]
    accrued: Decimal | None
    before: Worth | None


@dataclass(frozen=True, slots=True)
class Paid:
    """What a fill did to cash in one currency, or its commission."""

    ts: datetime
    currency: str
    amount: Decimal
    con_id: int


@dataclass(frozen=True, slots=True)
class Moved:
    """When the quantity of a position was first seen to be another one."""

    ts: datetime
    con_id: int


@dataclass(frozen=True, slots=True)
class Suspected:
    """Money that came (positive) or went, in the base currency."""

    ts: datetime
    amount: Decimal


def suspected(states: Sequence[Cash], paid: Iterable[Paid], moved: Iterable[Moved]) -> list[Suspected]:
    """`states` oldest first: the first is only what the next is compared with."""
    pending = sorted((each for each in paid if states and each.ts > states[0].worth.ts), key=lambda each: each.ts)
    traded = defaultdict(list)
    for each in pending:
        traded[each.con_id].append(each.ts)
    untold = [each.ts for each in moved if not any(abs(each.ts - ts) <= TOGETHER for ts in traded[each.con_id])]
    found, first = [], 1
    while first < len(states):
        last = first
        while last + 1 < len(states) and states[last + 1].worth.ts - states[last].worth.ts <= TOGETHER:
            last += 1
        until = states[last].worth.ts + SKEW
        mine = [each for each in pending if each.ts <= until]
        pending = pending[len(mine) :]
        before = states[first].before
        is_seen = before is not None and states[first].worth.ts - before.ts <= UNSEEN
        began = states[first].worth.ts - TOGETHER if is_seen else states[first - 1].worth.ts
        # The cash of a trade that nobody told of is like cash that was moved.
        if not any(began < at <= until + TOGETHER for at in untold) and (is_seen or not mine):
            found += _suspicions(states[first - 1 : last + 1], mine, before if is_seen else None)
        first = last + 1
    return found


def _suspicions(states: Sequence[Cash], paid: Sequence[Paid], before: Worth | None) -> list[Suspected]:
    """Of changes that belong together; `before` None: what the account was worth tells nothing of them."""
    end = states[-1]
    amount = _unexplained(states, paid)
    if _is_little(amount, end.worth):
        return []
    parts = _parts(states, paid, before)
    if _is_little(amount - sum((each.amount for each in parts), ZERO), end.worth):
        return parts
    if not _agrees(amount, before, end.worth):
        return []
    _, when = max(pairwise(states), key=lambda pair: _unexplained(pair, ()) * amount)
    return [Suspected(when.worth.ts, _cents(amount))]


def _parts(states: Sequence[Cash], paid: Sequence[Paid], before: Worth | None) -> list[Suspected]:
    """One after the other: so many changes are taken together as it takes until fills explain them, or a transfer does."""
    found, start, since = [], 0, None
    for here, end in enumerate(states[1:], start=1):
        until = end.worth.ts + SKEW
        mine = [each for each in paid if each.ts <= until and (since is None or each.ts > since)]
        amount = _unexplained(states[start : here + 1], mine)
        is_little = _is_little(amount, end.worth)
        if not is_little and not _agrees(amount, before, end.worth):
            continue
        if not is_little:
            found.append(Suspected(end.worth.ts, _cents(amount)))
        start, since = here, until
        before = states[here + 1].before if here + 1 < len(states) else None
    return found


def _is_little(amount: Decimal, worth: Worth) -> bool:
    """Whether it may be interest or a fee."""
    return abs(amount) < max(LEAST, LEAST_SHARE * abs(worth.net))


def _agrees(amount: Decimal, before: Worth | None, after: Worth) -> bool:
    """Whether net liquidation says the same, if it was told."""
    return before is None or _is_alike(amount, before, after)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def _unexplained(states: Sequence[Cash], paid: Sequence[Paid]) -> Decimal:
    """By how much cash moved beyond fills and accruals that were paid out, at the rates of the end."""
    start, end = states[0], states[-1]
    change = ZERO
    for currency in start.balances.keys() | end.balances.keys():
        balance, rate = end.balances.get(currency, (ZERO, start.balances.get(currency, (ZERO, ZERO))[1]))
        fills = sum((each.amount for each in paid if each.currency == currency), ZERO)
        change += (balance - start.balances.get(currency, (ZERO, ZERO))[0] - fills) * rate
    # What is owed falls when it is paid out, and (of short shares) rises when it is paid in; meanwhile more may come to be owed.
    falls = (
        one.accrued - then.accrued
        for one, then in pairwise(states)
        if one.accrued is not None and then.accrued is not None
    )
    owed = sum((fall for fall in falls if fall * change > 0), ZERO)
    return change - (owed if abs(owed) < abs(change) else change)


def _is_alike(amount: Decimal, before: Worth, after: Worth) -> bool:
    """Whether net liquidation moved by about as much beyond the day's P&L; by itself, where that was reset or isn't known."""
    moved = after.net - before.net
    if before.daily is not None and after.daily is not None:
        beyond = moved - (after.daily - before.daily)
        if abs(beyond - amount) <= ALIKE * abs(amount):
            return True
    return after.ts - before.ts <= UNSEEN and abs(moved - amount) <= ALIKE_ALONE * abs(amount)
