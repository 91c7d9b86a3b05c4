"""What the Greeks of all that is held come to in money, by underlying and by currency. Pure; docs/positions.md.

Delta is what the value would gain if the underlying doubled (δ × S), gamma by how much delta changes with one percent
(γ × S² ÷ 100), theta a calendar day, vega a percentage point of volatility; each × quantity × multiplier. Shares have a delta of
one and none of the others. What isn't known is named, and in no sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from data.risk_views import GreekSums, LegGreeks, UnderlyingGreeks, WithoutGreeks
from data.views import PositionView

LEAST_RETURNS = 60
"""Daily returns below which no beta is said: its standard error would be as large as most betas differ."""
SESSIONS = 252
NOT_OF_ITS_INDEX = frozenset({"VIX"})
GREEKS = ("delta", "gamma", "theta", "vega")


@dataclass(frozen=True, slots=True)
class Beta:
    """The slope of an instrument's daily returns on the benchmark's; `value` None without variance."""

    value: float | None
    returns: int
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Betas:
    """By symbol and currency; `price` is the benchmark's, None where no bar of it is stored."""

    benchmark: str
    price: float | None = None
    found: Mapping[tuple[str, str], Beta] = field(default_factory=dict)


def leg(position: PositionView) -> LegGreeks:
    """One contract in money; what isn't known is None."""
    units = position["quantity"] * position["multiplier"]
    if position["sec_type"] == "STK":
        delta = _times(units, position["market_price"])
        return {"delta_shares": units, "delta": delta, "gamma": 0.0, "theta": 0.0, "vega": 0.0}
    is_covered = position["sec_type"] in ("OPT", "FOP") and not position["non_standard"]
    if not is_covered:
        return {"delta_shares": None, "delta": None, "gamma": None, "theta": None, "vega": None}
    spot = position["underlying_price"]
    shares = _times(units, position["delta"])
    gamma = _times(units, position["gamma"])
    return {
        "delta_shares": _rounded(shares),
        "delta": _times(shares, spot),
        "gamma": None if gamma is None or spot is None else _rounded(gamma * spot * spot / 100),
        "theta": _times(units, position["theta"]),
        "vega": _times(units, position["vega"]),
    }


def without(positions: Iterable[PositionView]) -> list[WithoutGreeks]:
    """The legs that lack some, each with why."""
    found: list[WithoutGreeks] = []
    for position in positions:
        known = leg(position)
        lacks = [name for name in GREEKS if known[name] is None]  # type: ignore[literal-required]
        if lacks:
            found.append({
                "con_id": position["con_id"], "local_symbol": position["local_symbol"], "lacks": lacks,
                "reason": _reason(position),
            })  # fmt: skip
    return found


def _reason(position: PositionView) -> str:
    if position["non_standard"]:
        return "What this adjusted option delivers is not known."
    if position["sec_type"] == "STK":
        return "It has no price."
    if position["sec_type"] not in ("OPT", "FOP"):
        return f"Contracts of the kind {position['sec_type']} are not covered."
    return "The broker has sent none of it yet, or it has no market data line."


def by_underlying(positions: Sequence[PositionView], betas: Betas) -> list[UnderlyingGreeks]:
    """An entry an underlying and currency, in that order."""
    ranked = sorted(positions, key=_underlying)
    return [_of(key[0], key[1], list(group), betas) for key, group in groupby(ranked, key=_underlying)]


def sums(items: Iterable[UnderlyingGreeks]) -> list[GreekSums]:
    """A sum a currency: amounts of several are never added."""
    found = []
    for currency, group in groupby(sorted(items, key=lambda item: item["currency"]), key=lambda item: item["currency"]):
        members = list(group)
        found.append(_total(currency, members))
    return found


def _total(currency: str, members: list[UnderlyingGreeks]) -> GreekSums:
    return {
        "currency": currency,
        "delta": _sum(item["delta"] for item in members),
        "gamma": _sum(item["gamma"] for item in members),
        "theta": _sum(item["theta"] for item in members),
        "vega": _sum(item["vega"] for item in members),
        "legs": sum(item["legs"] for item in members),
        "legs_without": sum(item["legs_without"] for item in members),
        "beta_weighted_delta": _sum(item["beta_weighted_delta"] for item in members),
        "beta_weighted_money": _sum(item["beta_weighted_money"] for item in members),
        "without_beta": [item["symbol"] for item in members if item["beta_weighted_delta"] is None],
    }


def _of(symbol: str, currency: str, held: list[PositionView], betas: Betas) -> UnderlyingGreeks:
    legs = [leg(position) for position in held]
    delta = _sum(each["delta"] for each in legs)
    beta, days, reason = _beta(symbol, currency, held, betas)
    money = _times(delta, beta)
    return {
        "symbol": symbol,
        "currency": currency,
        "delta_shares": _sum(each["delta_shares"] for each in legs),
        "delta": delta,
        "gamma": _sum(each["gamma"] for each in legs),
        "theta": _sum(each["theta"] for each in legs),
        "vega": _sum(each["vega"] for each in legs),
        "legs": len(held),
        "legs_without": len(without(held)),
        "beta": beta,
        "beta_returns": days,
        "beta_reason": reason,
        "beta_weighted_delta": None if money is None or not betas.price else _rounded(money / betas.price),
        "beta_weighted_money": money,
    }


def _beta(
    symbol: str, currency: str, held: list[PositionView], betas: Betas
) -> tuple[float | None, int | None, str | None]:
    """The beta, of how many returns, and why there is none."""
    if any(position["sec_type"] not in ("STK", "OPT") for position in held):
        return None, None, "Beta is of shares, funds and indexes only."
    if symbol in NOT_OF_ITS_INDEX:
        return None, None, f"{symbol} options follow its futures, not the index."
    if currency != "USD":
        return None, None, f"It is in {currency}, {betas.benchmark} in USD."
    if betas.price is None:
        return None, None, f"No price bars of {betas.benchmark} are stored yet."
    if symbol == betas.benchmark:
        return 1.0, None, None
    found = betas.found.get((symbol, currency))
    if found is None:
        return None, None, f"No daily price bars of {symbol} are stored yet."
    if found.returns < LEAST_RETURNS or found.value is None:
        counted = f"{found.returns} daily returns are shared with {betas.benchmark}"
        return None, found.returns, f"Only {counted}; {LEAST_RETURNS} are needed."
    return found.value, found.returns, None


def _underlying(position: PositionView) -> tuple[str, str]:
    return position["symbol"], position["currency"]


def _times(units: float | None, each: float | None) -> float | None:
    return None if units is None or each is None else _rounded(units * each)


def _sum(values: Iterable[float | None]) -> float | None:
    """Of the known ones; None where none is."""
    known = [value for value in values if value is not None]
    return _rounded(sum(known)) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
