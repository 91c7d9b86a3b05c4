"""The connection pill: one honest word for how far the numbers may be trusted to be of now, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dash_bootstrap_components as dbc
from dash import html

from layouts import format as text
from layouts import ids

if TYPE_CHECKING:
    from data.views import HealthView

WORDS = {
    "live": "Live",
    "delayed": "Delayed",
    "frozen": "Frozen",
    "stale": "Stale",
    "closed": "Closed",
    "offline": "Offline",
}


def connection(view: HealthView | None) -> html.Div:
    """`view` None: nobody has told yet."""
    state = view["freshness"] if view else "offline"
    return html.Div(
        [
            html.Button(
                [html.Span(className="dot", **{"aria-hidden": "true"}), html.Span(said(view), id=ids.PILL_TEXT)],
                id=ids.PILL,
                className=f"pill {state}",
                type="button",
                **{"aria-haspopup": "dialog", "aria-label": "Connection"},
            ),
            dbc.Popover(
                [dbc.PopoverHeader("Connection"), dbc.PopoverBody(reason(view), id=ids.PILL_WHY)],
                target=ids.PILL,
                trigger="legacy",
                placement="bottom",
            ),
        ],
        className="connection",
    )


def said(view: HealthView | None) -> str:
    """Live · Delayed · Frozen · Stale 42 s · Closed · Offline."""
    if view is None:
        return WORDS["offline"]
    word = WORDS[view["freshness"]]
    return f"{word} {text.age(view['age_s'])}" if view["freshness"] == "stale" and view["age_s"] is not None else word


def reason(view: HealthView | None) -> str:
    """The nearest broken part's own words."""
    if view is None:
        return "No account is known yet."
    parts = (view["database"], view["poller"], view["gateway"])
    return next((part["reason"] for part in parts if part["reason"]), "Every part answers.")
