"""What would be here and how to get it."""

from __future__ import annotations

from dash import html


def empty_state(title: str, text: str, id: str, shown: bool) -> html.Div:
    return html.Div(
        [html.P(title, className="empty-title"), html.P(text, className="empty-text")],
        id=id,
        className="empty-state",
        hidden=not shown,
    )
