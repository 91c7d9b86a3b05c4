"""A titled surface: heading, a quiet note, tools at the right, and whatever it holds."""

from __future__ import annotations

from typing import Any

from dash import html


def panel(title: str, name: str, *, note: Any = None, tools: Any = None, children: Any) -> html.Section:
    """`name` is its grid area and the stem of its heading's id."""
    heading = f"{name}-title"
    return html.Section(
        [
            html.Div(
                [
                    html.H2(title, id=heading),
                    html.Div(note, className="panel-note") if note is not None else None,
                    html.Div(tools, className="panel-tools") if tools is not None else None,
                ],
                className="panel-head",
            ),
            *children,
        ],
        className=f"panel panel-{name}",
        **{"aria-labelledby": heading},
    )


def empty(component_id: str, title: str, sentence: str, *, shown: bool) -> html.Div:
    """An empty state that teaches: what would be here, and how to get it."""
    return html.Div(
        [html.P(title, className="empty-title"), html.P(sentence)], id=component_id, className="empty", hidden=not shown
    )
