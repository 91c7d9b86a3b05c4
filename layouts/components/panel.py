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


def problem(component_id: str) -> html.P:
    """Where a panel says what went wrong, once it did."""
    return html.P(id=component_id, className="panel-problem", role="status", hidden=True)


def scrolls(component_id: str, name: str, kind: str = "") -> html.Div:
    """A place that scrolls inside itself, by keyboard too; `name` is what is in it."""
    return html.Div(
        id=component_id, className=f"scrolls {kind}".strip(), tabIndex=0, role="region", **{"aria-label": name}
    )
