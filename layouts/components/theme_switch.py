"""Dark or light; theme.js does it and remembers it in this browser."""

from __future__ import annotations

from dash import html

from layouts import ids


def theme_switch() -> html.Button:
    return html.Button(
        html.Span(className="theme-icon"),
        id=ids.THEME_SWITCH,
        type="button",
        className="icon-button",
        title="Light or dark",
        **{"aria-label": "Light theme", "aria-pressed": "false"},
    )
