"""What people call a contract."""

from __future__ import annotations

from datetime import date

from data.views import PositionView

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def contract_name(position: PositionView) -> str:
    """As pages write it: KO, KO 20 Feb 26 60 P."""
    if position["expiry"] is None:
        return f"{position['symbol']} combination" if position["sec_type"] == "BAG" else position["symbol"]
    expiry, strike = date.fromisoformat(position["expiry"]), position["strike"]
    parts = (
        position["symbol"],
        f"{expiry.day} {MONTHS[expiry.month - 1]} {expiry:%y}",
        "" if strike is None else f"{strike:,.4f}".rstrip("0").removesuffix("."),
        position["right"] or "",
    )
    return " ".join(part for part in parts if part)
