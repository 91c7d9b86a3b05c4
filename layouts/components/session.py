"""The market session and the time to the next; session.js counts down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from layouts import ids

if TYPE_CHECKING:
    from data.views import HealthView

PHASES = {"pre": "Pre-market", "open": "Market open", "post": "After hours", "closed": "Market closed"}


def session(status: HealthView | None) -> html.Span:
    phase = status["market_phase"] if status else None
    return html.Span(
        [html.Span(PHASES.get(phase or "", ""), className="session-phase"), html.Span("", className="session-left")],
        id=ids.SESSION,
        className="session",
        **{"data-phase": phase or "", "data-next": (status["next_phase_at"] if status else None) or ""},
    )
