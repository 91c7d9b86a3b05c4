"""Numbers as text, the same to the character as dashboard/assets/format.js (a test runs both on the same values).

Unknown, not finite and implausibly large are "—". Ties are rounded away from zero, on the exact binary value. A negative
number carries the minus sign U+2212, which is as wide as the plus; what rounds to zero carries none.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

UNKNOWN = "—"
MINUS = "−"
TOO_LARGE = 1e15
EXACT = Context(prec=60)

CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def known(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and abs(value) < TOO_LARGE


def number(value: float | None, digits: int = 2, *, plus: bool = False) -> str:
    """1,234.50; with `plus` a positive number says so."""
    if value is None or not known(value):
        return UNKNOWN
    step = Decimal(1).scaleb(-digits)
    text = f"{Decimal(abs(value)).quantize(step, ROUND_HALF_UP, EXACT):,f}"
    if not text.strip("0.,"):
        return text
    return (MINUS if value < 0 else "+" if plus else "") + text


def signed(value: float | None, digits: int = 2) -> str:
    return number(value, digits, plus=True)


def percent(value: float | None, digits: int = 2, *, plus: bool = False) -> str:
    """`value` is in percent: 1.25 → 1.25 %."""
    text = number(value, digits, plus=plus)
    return text if text == UNKNOWN else f"{text}\u00a0%"


def fraction(value: float | None, digits: int = 1) -> str:
    """`value` is a fraction of 1: 0.42 → 42.0 %."""
    return percent(None if value is None else value * 100, digits)


def trimmed(value: float | None, least: int, most: int) -> str:
    """At least `least` and at most `most` decimals, without needless zeros."""
    text = number(value, most)
    if text == UNKNOWN:
        return text
    spare = most - least
    while spare and text.endswith("0"):
        text, spare = text[:-1], spare - 1
    return text.removesuffix(".")


def price(value: float | None) -> str:
    return trimmed(value, 2, 4)


def quantity(value: float | None) -> str:
    return trimmed(value, 0, 4)


def age(seconds: float | None) -> str:
    """How old: 5 s, 3 min, 2 h, 4 d."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    whole = max(0, math.floor(seconds))
    if whole < 60:
        return f"{whole}\u00a0s"
    if whole < 3600:
        return f"{whole // 60}\u00a0min"
    return f"{whole // 3600}\u00a0h" if whole < 86400 else f"{whole // 86400}\u00a0d"


def span(seconds: float | None) -> str:
    """How long until: 40 s, 14 min, 2 h 14 min, 3 d 2 h."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    whole = max(0, math.floor(seconds))
    if whole < 3600:
        return age(whole)
    small, large = (whole % 3600 // 60, f"{whole // 3600}\u00a0h")
    unit = "min"
    if whole >= 86400:
        small, large, unit = whole % 86400 // 3600, f"{whole // 86400}\u00a0d", "h"
    return f"{large} {small}\u00a0{unit}" if small else large


def card_value(value: float | None, unit: str, *, plus: bool = False) -> str:
    """A metric card's value by its unit: money, percent, fraction or count."""
    match unit:
        case "percent":
            return percent(value, 1, plus=plus)
        case "fraction":
            return fraction(value)
        case "count":
            return number(value, 0)
        case _:
            return number(value, 2, plus=plus)


def card_change(value: float | None, unit: str | None) -> str:
    """A card's change, empty where there is none."""
    if value is None:
        return ""
    return percent(value, 2, plus=True) if unit == "percent" else signed(value)


def direction(value: float | None, digits: int = 2) -> str:
    """`up`, `down` or `flat`: what the text says after rounding decides, so that +0.00 is never green."""
    text = signed(value, digits)
    return "up" if text.startswith("+") else "down" if text.startswith(MINUS) else "flat"
