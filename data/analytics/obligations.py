"""What short options may oblige to, by expiry: cash and shares against what is there. Pure; docs/positions.md.

Each expiry stands alone: what an earlier one would take or bring is not in the later ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

from data.analytics.positions import CASH_SETTLED
from data.risk_views import ExpiryView, Need
from data.views import PositionView


def expiries(positions: Sequence[PositionView]) -> list[ExpiryView]:
    """One entry an expiry and currency of the options on shares and indexes, the soonest first."""
    options = [p for p in positions if p["sec_type"] == "OPT" and p["expiry"] is not None and p["dte"] is not None]
    held = {(p["symbol"], p["currency"]): p["quantity"] for p in positions if p["sec_type"] == "STK"}
    options.sort(key=_when)
    return [_expiry(key[0], key[1], list(group), held) for key, group in groupby(options, key=_when)]


def free_cash(cash: float | None, currency: str | None, positions: Iterable[PositionView]) -> float | None:
    """Cash less what all short puts on shares would cost; None where cash is unknown or a put is adjusted or foreign."""
    puts = [p for p in positions if _is_short(p) and p["right"] == "P" and p["trading_class"] not in CASH_SETTLED]
    if cash is None or any(p["non_standard"] or p["strike"] is None or p["currency"] != currency for p in puts):
        return None
    return round(cash - sum(_strikes(p) for p in puts), 2)


def near_cash(currency: str | None, funds: frozenset[str], positions: Iterable[PositionView]) -> float | None:
    """The value of held cash funds in the base currency; None where one has no price."""
    values = [
        p["market_value"] for p in positions
        if p["sec_type"] == "STK" and p["symbol"] in funds and p["currency"] == currency and p["quantity"] > 0
    ]  # fmt: skip
    return None if None in values else round(sum(value or 0.0 for value in values), 2)


def _when(position: PositionView) -> tuple[str, str]:
    return position["expiry"] or "", position["currency"]


def _expiry(expiry: str, currency: str, options: list[PositionView], held: dict[tuple[str, str], float]) -> ExpiryView:
    shorts = [p for p in options if _is_short(p)]
    sure = [p for p in shorts if not p["non_standard"] and p["strike"] is not None]
    known = [p for p in sure if p["moneyness"] is not None]
    values = [p["market_value"] for p in shorts]
    day = date.fromisoformat(expiry)
    return {
        "expiry": expiry,
        "week": (day - timedelta(days=day.weekday())).isoformat(),
        "dte": options[0]["dte"] or 0,
        "currency": currency,
        "contracts": sum(abs(p["quantity"]) for p in options),
        "notional": sum(_strikes(p) for p in shorts),
        "premium_at_risk": None if None in values else round(sum(abs(value or 0.0) for value in values), 2),
        "all_assigned": _need(sure, held),
        "in_the_money": _need([p for p in known if p["moneyness"] == "itm"], held),
        "uncertain": sum(-p["quantity"] for p in shorts if p not in known),
    }


def _need(shorts: Sequence[PositionView], held: dict[tuple[str, str], float]) -> Need:
    settled = [p for p in shorts if p["trading_class"] in CASH_SETTLED]
    delivered = [p for p in shorts if p["trading_class"] not in CASH_SETTLED]
    cash = sum(_strikes(p) for p in delivered if p["right"] == "P")
    cash += sum((p["intrinsic"] or 0.0) * p["multiplier"] * -p["quantity"] for p in settled)
    calls = sorted((p for p in delivered if p["right"] == "C"), key=lambda p: p["symbol"])
    need: Need = {"cash": round(cash, 2), "shares": []}
    for symbol, group in groupby(calls, key=lambda p: p["symbol"]):
        members = list(group)
        there = max(0.0, held.get((symbol, members[0]["currency"]), 0.0))
        contracts = sum(-p["quantity"] for p in members)
        need["shares"].append({
            "symbol": symbol,
            "needed": sum(-p["quantity"] * p["multiplier"] for p in members),
            "held": there,
            "contracts": contracts,
            "covered": min(contracts, math.floor(there / members[0]["multiplier"])),
        })  # fmt: skip
    return need


def _is_short(position: PositionView) -> bool:
    return position["sec_type"] == "OPT" and position["quantity"] < 0


def _strikes(position: PositionView) -> float:
    return (position["strike"] or 0.0) * position["multiplier"] * -position["quantity"]
