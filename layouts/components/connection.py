"""The connection pill: how far the numbers may be trusted to be of now, and why not; with the age of the last datum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from layouts import ids
from layouts.components.why import fact, why

if TYPE_CHECKING:
    from data.views import HealthView

LABELS = {
    "live": "Live",
    "delayed": "Delayed",
    "frozen": "Frozen",
    "stale": "Stale",
    "closed": "Closed",
    "offline": "Offline",
}
WAITING = "waiting"
FACTS = {
    "reason": "Why",
    "gateway": "Gateway",
    "poller": "Poller",
    "database": "Database",
    "page": "This page",
    "as-of": "Last datum",
    "error": "Last error",
}


def connection(status: HealthView | None, trouble: str | None) -> html.Div:
    """`trouble`: why the database can't be read."""
    state = status["freshness"] if status else ("offline" if trouble else WAITING)
    text = LABELS.get(state, "Waiting")
    as_of = (status["as_of"] if status else None) or ""
    summary = [html.Span(className="pill-dot"), html.Span(text, id=ids.PILL_TEXT, className="pill-text")]
    facts = [fact(term, _known(part, trouble), id=ids.why_connection(part)) for part, term in FACTS.items()]
    return html.Div(
        [
            why(summary, [html.Dl(facts)], class_name="pill", id=ids.PILL, **{"data-state": state}),
            html.Span("", id=ids.LAST_DATUM, className="last-datum", **{"data-as-of": as_of, "data-show": "ago"}),
            html.Span("", id=ids.PILL_SAID, className="visually-hidden", role="status"),
        ],
        className="connection",
    )


def _known(part: str, trouble: str | None) -> str:
    return trouble or "" if part == "reason" else ""
