"""A disclosure that floats over the page: a button, and what it explains. Native `details`: works without a script."""

from __future__ import annotations

from typing import Any

from dash import html


def why(
    summary: Any, content: list[Any], label: str | None = None, class_name: str = "", **summary_props: Any
) -> html.Details:
    """`label` is the button's name where `summary` doesn't read well. Escape and a click elsewhere close it (dismiss.js)."""
    if label:
        summary_props["aria-label"] = label
    return html.Details(
        [html.Summary(summary, className="why-button", **summary_props), html.Div(content, className="why-panel")],
        className=f"why {class_name}".strip(),
    )


def fact(term: str, text: Any, **props: Any) -> html.Div:
    """A line of a `dl`; an empty one is not shown (by style, so that a script can fill it)."""
    return html.Div([html.Dt(term), html.Dd(text, **props)], className="fact")
