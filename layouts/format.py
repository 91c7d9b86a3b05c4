"""Numbers, dates and contracts as text. `dashboard/assets/format.js` does the same; a browser test holds them together.

Unknown is "—". A minus is U+2212, as wide as a plus. Rounding is half away from zero on the exact value of the double.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.views import PositionView, TradeView

UNKNOWN = "—"
MINUS = "−"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
HALF_A_CENT = 0.005  # below it 0.00 is shown, which has no direction
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def fixed(value: float | None, digits: int, signed: bool = False) -> str:
    """1234.5, 2 → "1,234.50"; with `signed` a plus stands before what is above zero."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = Decimal(abs(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    if size == 0:
        sign = ""
    elif value < 0:
        sign = MINUS
    else:
        sign = "+" if signed else ""
    return f"{sign}{size:,f}"


def trimmed(value: float | None, most: int, least: int = 0, signed: bool = False) -> str:
    """At most `most` digits after the point, without trailing zeros beyond `least`."""
    text = fixed(value, most, signed)
    if text == UNKNOWN or most == least:
        return text
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0").ljust(least, "0")
    return f"{whole}.{digits}" if digits else whole


def money(value: float | None, currency: str | None, signed: bool = False) -> str:
    """1234.5, "USD" → "$1,234.50"; -3, "CHF" → "−CHF 3.00"."""
    text = fixed(value, 2, signed)
    if text == UNKNOWN:
        return text
    mark = SYMBOLS.get(currency or "", f"{currency} " if currency else "")
    sign = text[0] if text[0] in (MINUS, "+") else ""
    return f"{sign}{mark}{text[len(sign) :]}"


def percent(value: float | None, signed: bool = False) -> str:
    """1.25 → "1.25 %"."""
    text = fixed(value, 2, signed)
    return text if text == UNKNOWN else f"{text} %"


def fraction(value: float | None) -> str:
    """0.425 → "42.5 %"."""
    text = fixed(None if value is None else value * 100, 1)
    return text if text == UNKNOWN else f"{text} %"


def metric(value: float | None, unit: str, currency: str | None, signed: bool = False) -> str:
    """The value of a card in its unit (data/views.py)."""
    match unit:
        case "money":
            return money(value, currency, signed)
        case "percent":
            return percent(value, signed)
        case "fraction":
            return fraction(value)
        case _:
            return fixed(value, 0, signed)


def price(value: float | None) -> str:
    """Two to four digits after the point."""
    return trimmed(value, 4, 2)


def quantity(value: float | None) -> str:
    return trimmed(value, 4)


def tone(value: float | None) -> str:
    """up, down or flat: the class of a signed figure."""
    if value is None or not math.isfinite(value) or abs(value) < HALF_A_CENT:
        return "flat"
    return "up" if value > 0 else "down"


def day(iso: str | None) -> str:
    """ "2026-12-19" → "19 Dec 26"."""
    if not iso:
        return UNKNOWN
    found = date.fromisoformat(iso[:10])
    return f"{found.day} {MONTHS[found.month - 1]} {found.year % 100:02d}"


def contract(row: PositionView | TradeView) -> str:
    """ "AAPL", or "AAPL 19 Dec 26 190 P"."""
    if row["sec_type"] in ("OPT", "FOP") and row["expiry"] and row["strike"] is not None and row["right"]:
        return f"{row['symbol']} {day(row['expiry'])} {trimmed(row['strike'], 4)} {row['right']}"
    if row["sec_type"] == "STK":
        return row["symbol"]
    return row["local_symbol"] or row["symbol"]


def span(seconds: float | None) -> str:
    """A length of time: "3 s", "2 min", "1 h 5 min", "3 d 4 h"."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, math.floor(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
