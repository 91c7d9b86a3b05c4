"""Strategies side by side on one time base: returns on a named base, volatility, Sharpe, drawdown, correlation. Pure.

A strategy has no equity of its own, so that its return is of what it risks: the daily P&L divided by the base, by default the
mean of its capital at risk over the days compared. The returns of a constant base are added, not linked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, stdev

TRADING_DAYS = 252
LEAST_RETURNS = 2


@dataclass(frozen=True, slots=True)
class Day:
    """A strategy at the close of a trading day: total P&L and capital at risk, in its currency; None: not known."""

    pnl_total: float | None
    capital_at_risk: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Percentages; `curve` is the return since the first day, which is 0. What can't be known is None, `reason` says why."""

    base: float | None
    pnl: float | None
    return_pct: float | None
    volatility_pct: float | None
    sharpe: float | None
    max_drawdown_pct: float | None
    curve: list[float | None]
    changes: list[float | None]  # daily P&L
    reason: str | None


def common_days(series: Sequence[Mapping[date, Day]]) -> list[date]:
    """The trading days on which the P&L of all is known, oldest first."""
    known = [{day for day, found in one.items() if found.pnl_total is not None} for one in series]
    return sorted(set.intersection(*known)) if known else []


def compare(
    series: Mapping[date, Day], days: Sequence[date], risk_free: float = 0.0, base: float | None = None
) -> Compared:
    """One strategy over `days` (from :func:`common_days`). `risk_free`: a year's rate, a fraction. `base` None: the mean
    capital at risk of `days`.

    Volatility: the sample standard deviation of daily returns times √252. Sharpe ratio: the mean of daily returns above
    the risk-free rate over their standard deviation, times √252 (Sharpe, *The Sharpe Ratio*, Journal of Portfolio Management
    21, 1994, with the usual annualising). Maximum drawdown: the deepest fall of the curve below its highest point until then,
    in percentage points of the base (Bacon, *Practical Portfolio Performance Measurement and Attribution*, ch. 4).
    """
    totals = [series[day].pnl_total for day in days]
    worths = [total for total in totals if total is not None]
    if len(worths) < LEAST_RETURNS or len(worths) < len(totals):
        return _unknown("There are fewer than two trading days on which all that is compared is known.")
    pnl = worths[-1] - worths[0]
    base = mean_capital(series, days) if base is None else base
    changes = [after - before for before, after in itertools.pairwise(worths)]
    if base is None or base <= 0:
        return _unknown("Nothing was at risk in this span, so that there is no base for a return.", pnl, changes)
    returns = [change / base for change in changes]
    curve = [100 * (worth - worths[0]) / base for worth in worths]
    spread = stdev(returns) if len(returns) >= LEAST_RETURNS else None
    excess = fmean(returns) - risk_free / TRADING_DAYS
    return Compared(
        base=base,
        pnl=pnl,
        return_pct=curve[-1],
        volatility_pct=None if spread is None else 100 * spread * math.sqrt(TRADING_DAYS),
        sharpe=excess / spread * math.sqrt(TRADING_DAYS) if spread else None,
        max_drawdown_pct=drawdown(curve),
        curve=list(curve),
        changes=list(changes),
        reason=None if spread else "The daily returns don't vary, so that there is no Sharpe ratio.",
    )


def mean_capital(series: Mapping[date, Day], days: Sequence[date]) -> float | None:
    """The mean capital at risk over the days on which it is known; None: on none."""
    known = [at_risk for day in days if (at_risk := series[day].capital_at_risk) is not None]
    return fmean(known) if known else None


def drawdown(curve: Sequence[float]) -> float:
    """The deepest fall below the highest point until then; 0 or negative."""
    deepest, highest = 0.0, -math.inf
    for value in curve:
        highest = max(highest, value)
        deepest = min(deepest, value - highest)
    return deepest


def correlation(one: Sequence[float | None], other: Sequence[float | None]) -> float | None:
    """Pearson's, of two series of daily P&L of the same days (a constant base changes nothing); None where one doesn't vary or fewer than two are known."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if len(pairs) < LEAST_RETURNS:
        return None
    mean_a, mean_b = fmean(a for a, _ in pairs), fmean(b for _, b in pairs)
    covariance = sum((a - mean_a) * (b - mean_b) for a, b in pairs)
    spread = math.sqrt(sum((a - mean_a) ** 2 for a, _ in pairs) * sum((b - mean_b) ** 2 for _, b in pairs))
    return max(-1.0, min(1.0, covariance / spread)) if spread > 0 else None


def _unknown(reason: str, pnl: float | None = None, changes: Sequence[float] = ()) -> Compared:
    return Compared(None, pnl, None, None, None, None, [], list(changes), reason)
