"""An age that the browser keeps counting: assets/clock.js rewrites the text every second from the `datetime` attribute."""

from __future__ import annotations

from datetime import UTC, datetime

from dash import html

from layouts import format as text


def age(component_id: str, as_of: str | None, now: datetime | None = None, *, prefix: str = "") -> html.Time:
    """ "3 s ago"; empty when nothing is known. `prefix` stands before it."""
    return html.Time(
        said(as_of, now, prefix), id=component_id, className="age", dateTime=as_of or "", **{"data-prefix": prefix}
    )


def said(as_of: str | None, now: datetime | None = None, prefix: str = "") -> str:
    """The words alone."""
    if as_of is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(as_of)).total_seconds()
    return f"{prefix}{text.age(seconds)} ago"
