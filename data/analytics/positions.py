"""What follows from one held contract's figures. Pure; docs/positions.md has every definition.

Unknown is None: what isn't sent, what the trade doesn't define, and everything that an adjusted deliverable would make a guess.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypedDict
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
CLOSE = time(16)
YEAR_S = 365 * 86_400
OPTIONS = ("OPT", "FOP")

EUROPEAN = frozenset({"SPX", "SPXW", "XSP", "NDX", "NDXP", "XND", "RUT", "RUTW", "MRUT", "VIX", "VIXW", "DJX", "XEO"})
"""Trading classes of cash-settled index options that are exercised at their expiry only."""
CASH_SETTLED = EUROPEAN | {"OEX"}
DEEP = 0.001
"""A short put in the money with less extrinsic value than this share of its strike may be assigned early: our estimate."""

OUTLOOK_FOR = timedelta(days=7)
"""How old what the broker says of dividends may be; the poller asks every six hours."""

Moneyness = Literal["itm", "atm", "otm"]
EarlyAssignment = Literal["risk", "none", "unknown"]


class Derived(TypedDict):
    """The columns of a position that are computed. Percentages are percent, prices per unit of the underlying."""

    non_standard: bool
    dte: int | None
    pnl_of_cost: float | None
    pnl_of_max_profit: float | None
    break_even: float | None
    moneyness: Moneyness | None
    distance_pct: float | None  # how far the underlying is from the strike; negative: in the money
    distance_sigma: float | None  # the same in standard deviations until expiry
    intrinsic: float | None
    extrinsic: float | None
    early_assignment: EarlyAssignment | None
    early_assignment_reason: str | None


def derived(row: Mapping[str, Any], today: date) -> Derived:
    """The computed columns of one row of the query `positions`; `today` is the date in New York.

    Break-even of an option is strike + premium for a call, strike - premium for a put, whichever side is held. The
    distance in sigmas is ln(strike / spot) / (IV x sqrt(T)), T in years of 365 days to 16:00 New York on the expiry.
    """
    adjusted, is_option = is_non_standard(row), row["sec_type"] in OPTIONS
    cost = _times(row["avg_cost"], abs(row["quantity"]))
    unrealized = _known(row["unrealized_pnl"])
    is_short_option = is_option and row["quantity"] < 0
    spot = _known(row["underlying_price"]) if is_option and not adjusted else None
    distance = _distance(row["right"], row["strike"], spot)
    intrinsic = _intrinsic(row["right"], row["strike"], spot)
    price = _known(row["market_price"])
    extrinsic = None if intrinsic is None or price is None else round(price - intrinsic, 6)
    early, reason = _early_assignment(row, adjusted, intrinsic, extrinsic, today)
    return {
        "non_standard": adjusted,
        "dte": None if row["expiry"] is None else (row["expiry"] - today).days,
        "pnl_of_cost": _percent(unrealized, cost),
        "pnl_of_max_profit": _percent(unrealized, cost) if is_short_option else None,
        "break_even": None if adjusted else _break_even(row),
        "moneyness": None if distance is None else "otm" if distance > 0 else "itm" if distance < 0 else "atm",
        "distance_pct": distance,
        "distance_sigma": _sigmas(row, spot),
        "intrinsic": intrinsic,
        "extrinsic": extrinsic,
        "early_assignment": early,
        "early_assignment_reason": reason,
    }


def is_non_standard(row: Mapping[str, Any]) -> bool:
    """Whether an option on shares delivers something else than 100 of them, by its multiplier or its trading class
    (the symbol with a number behind it)."""
    if row["sec_type"] != "OPT" or row["trading_class"] in CASH_SETTLED:
        return False
    adjusted = re.fullmatch(rf"{re.escape(row['symbol'])}\d+", row["trading_class"] or "")
    return row["multiplier"] != 100 or adjusted is not None


def _break_even(row: Mapping[str, Any]) -> float | None:
    unit = _known(row["avg_cost"])
    if unit is None or not row["multiplier"]:
        return None
    price = unit / float(row["multiplier"])
    if row["sec_type"] not in OPTIONS:
        return round(price, 6)
    if row["strike"] is None or row["right"] is None:
        return None
    return round(float(row["strike"]) + (price if row["right"] == "C" else -price), 6)


def _distance(right: str | None, strike: float | None, spot: float | None) -> float | None:
    if right is None or strike is None or not spot:
        return None
    return round(100 * (strike - spot if right == "C" else spot - strike) / spot, 6)


def _intrinsic(right: str | None, strike: float | None, spot: float | None) -> float | None:
    if right is None or strike is None or spot is None:
        return None
    return round(max(0.0, spot - strike if right == "C" else strike - spot), 6)


def _sigmas(row: Mapping[str, Any], spot: float | None) -> float | None:
    strike, vol, expiry = row["strike"], _known(row["implied_vol"]), row["expiry"]
    if not strike or not spot or not vol or expiry is None or strike < 0 or spot < 0 or vol < 0:
        return None
    left = (datetime.combine(expiry, CLOSE, NEW_YORK) - row["as_of"]).total_seconds() / YEAR_S
    if left <= 0:
        return None
    moved = math.log(strike / spot) / (vol * math.sqrt(left))
    return round(moved if row["right"] == "C" else -moved, 6)


def _early_assignment(
    row: Mapping[str, Any], adjusted: bool, intrinsic: float | None, extrinsic: float | None, today: date
) -> tuple[EarlyAssignment | None, str | None]:
    """Only shorts can be assigned; what would have to be known and isn't makes it "unknown", never "none"."""
    if row["sec_type"] not in OPTIONS or row["quantity"] >= 0:
        return None, None
    if row["trading_class"] in EUROPEAN:
        return "none", "European: it is exercised at its expiry only."
    if adjusted:
        return "unknown", "What this adjusted option delivers is not known."
    if intrinsic is None or extrinsic is None:
        return "unknown", "The price of the option or of its underlying is not known."
    if intrinsic == 0:
        return "none", "Out of the money."
    if row["right"] == "C":
        return _call_before_dividend(row, extrinsic, today)
    if extrinsic <= DEEP * row["strike"]:
        return "risk", f"In the money with {max(extrinsic, 0):.2f} of extrinsic value left at its mark."
    return "none", f"In the money, but {extrinsic:.2f} of extrinsic value is left at its mark."


def _call_before_dividend(row: Mapping[str, Any], extrinsic: float, today: date) -> tuple[EarlyAssignment, str]:
    """A holder who exercises gives up the extrinsic value for the dividend: on the last session before the ex-date."""
    ex_date, amount, told = row["dividend_date"], _known(row["dividend"]), row["dividend_as_of"]
    if told is None or ex_date is None or amount is None:
        return "unknown", "In the money; the underlying's next dividend is not known."
    if ex_date <= today:
        return "unknown", f"In the money; the dividend after that of {ex_date} is not known yet."
    if today - told.astimezone(NEW_YORK).date() > OUTLOOK_FOR:
        return (
            "unknown",
            f"In the money; what the broker says of its dividends is of {told.astimezone(NEW_YORK):%Y-%m-%d}.",
        )
    if row["expiry"] < ex_date:
        return "none", f"In the money; the next dividend, {amount:g} on {ex_date}, comes after its expiry."
    if extrinsic >= amount:
        return (
            "none",
            f"In the money; its extrinsic value of {extrinsic:.2f} is not less than the dividend of {amount:g} on {ex_date}.",
        )
    less = f"its extrinsic value of {max(extrinsic, 0):.2f} at its mark is less than the dividend of {amount:g} on {ex_date}"
    last = row["last_cum_day"]
    if last is None or last <= today:
        return "risk", f"In the money, and {less}."
    return "none", f"In the money; {less}: at risk on {last}, the last session before it."


def _known(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _times(unit: float | None, quantity: float) -> float | None:
    known = _known(unit)
    return None if known is None else known * quantity


def _percent(part: float | None, whole: float | None) -> float | None:
    return round(100 * part / abs(whole), 6) if part is not None and whole else None
