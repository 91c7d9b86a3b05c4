"""Profit and time-weighted return of a series of worths, without deposits and withdrawals. Pure.

The true time-weighted return (Bacon, *Practical Portfolio Performance Measurement and Attribution*, 2nd ed., ch. 2; GIPS 2020,
2.A.21): the return of each bucket is linked, r = Π (1 + rᵢ) − 1, so that when money comes or goes doesn't count. No
approximation by weights (Modified Dietz) is needed, because the worth is known at every bucket. Within a bucket a deposit counts
at its start and a withdrawal at its end, the common convention, which also keeps the divisor positive:

    rᵢ = (closeᵢ + withdrawalsᵢ) / (closeᵢ₋₁ + depositsᵢ) − 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came (positive) or went (negative) at `time`, in the series' currency; None: how much isn't known."""

    time: int
    amount: float | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket's result: `pnl` in the series' currency, `return_pct` in percent since the series' base."""

    pnl: float | None
    return_pct: float | None


def performance(
    closes: Sequence[float | None], ends: Sequence[int], flows: Sequence[Flow], base: float | None = None
) -> list[Bucket]:
    """Each bucket's profit since the known close before it, and the return since `base`, the close before the first bucket.

    `ends` are the buckets' ends in seconds, ascending; a flow belongs to the first bucket that ends after it. Without a
    `base` the first known close is it. What can't be known is None: the profit of a bucket without a close or with a
    flow of unknown amount; the return from such a flow on, or once nothing was invested.
    """
    found: list[Bucket] = []
    pending = sorted(flows, key=lambda flow: flow.time)
    before, growth = base, 1.0 if base is not None and base > 0 else None
    came: float | None = 0.0
    went: float | None = 0.0
    taken = 0
    broken = False
    for close, end in zip(closes, ends, strict=True):
        while taken < len(pending) and pending[taken].time < end:
            came, went = _with(came, went, pending[taken].amount)
            taken += 1
        if close is None:
            found.append(Bucket(None, None))
            continue
        if before is None:
            pnl, growth = None, 1.0 if close > 0 else None
        elif came is None or went is None:
            pnl, growth, broken = None, None, True
        else:
            pnl = close - before - came + went
            invested = before + came
            growth = growth * (close + went) / invested if growth is not None and invested > 0 else None
            broken = broken or growth is None
        found.append(Bucket(pnl, None if growth is None or broken else 100 * (growth - 1)))
        before, came, went = close, 0.0, 0.0
    return found


def _with(came: float | None, went: float | None, amount: float | None) -> tuple[float | None, float | None]:
    if amount is None or came is None or went is None:
        return None, None
    return (came + amount, went) if amount > 0 else (came, went - amount)
