"""The kill switch in the header of every page, and the banner that says how far it is."""

from __future__ import annotations

from dash import html

from layouts import ids
from layouts.components.age import age


def kill_switch() -> html.Button:
    return html.Button(
        [html.Span(className="kill-icon", **{"aria-hidden": "true"}), html.Span("Kill switch", className="kill-words")],
        id=ids.KILL,
        type="button",
        className="kill",
        title="Stop every strategy",
        **{"aria-haspopup": "dialog", "aria-label": "Kill switch: stop every strategy"},
    )


def kill_banner() -> html.Section:
    return html.Section(
        [
            html.Div(
                [
                    html.P([html.Strong(id=ids.KILL_TITLE), " ", age(ids.KILL_AGE, None)]),
                    html.P(id=ids.KILL_SENTENCE),
                    html.P(id=ids.KILL_PENDING, hidden=True),
                ],
                className="kill-said",
            ),
            html.Button("Release…", id=ids.KILL_RELEASE, type="button", className="tool large", **{"aria-haspopup": "dialog"}),
        ],
        id=ids.KILL_BANNER,
        className="kill-banner",
        hidden=True,
        **{"aria-label": "Kill switch"},
    )  # fmt: skip
