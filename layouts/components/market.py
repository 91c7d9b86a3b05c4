"""The market session and how long until the next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dash import html

from layouts import format as text
from layouts import ids

if TYPE_CHECKING:
    from data.views import HealthView

PHASES = {
    "pre": ("Pre-market", "opens in"),
    "open": ("Market open", "closes in"),
    "post": ("After hours", "ends in"),
    "closed": ("Market closed", "reopens in"),
}


def market(view: HealthView | None) -> html.Span:
    return html.Span(said(view), id=ids.MARKET, className="market")


def said(view: HealthView | None, now: datetime | None = None) -> str:
    """ "Market open · closes in 2 h 14 min"; empty while nobody has told."""
    if view is None or view["market_phase"] is None:
        return ""
    name, until = PHASES[view["market_phase"]]
    if view["next_phase_at"] is None:
        return name
    left = (datetime.fromisoformat(view["next_phase_at"]) - (now or datetime.now(UTC))).total_seconds()
    return f"{name} · {until} {text.span(left)}" if left > 0 else name
