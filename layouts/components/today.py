"""Today: what asks for a decision, the most urgent first, and what can't be known. Filled by assets/pages/today.js."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids
from layouts.components.age import age
from layouts.components.panel import panel


def today() -> html.Section:
    return panel(
        "Today",
        "today",
        note=html.Span(id=ids.TODAY_NOTE),
        tools=_free_cash(),
        children=[
            html.P(
                [
                    html.Span(
                        id=ids.TODAY_PROBLEM, role="status"
                    ),  # without the age: nobody wants each second read out
                    " ",
                    age(ids.TODAY_AGE, None, prefix="The last answer came "),
                ],
                id=ids.TODAY_FAILED,
                className="panel-problem",
                hidden=True,
            ),
            html.Div(
                [
                    html.P("What is due is being read.", id=ids.TODAY_STATE, className="quiet"),
                    _list(ids.TODAY_LINES, "What is due, the most urgent first"),
                    _list(ids.TODAY_UNKNOWN, "What can't be known now"),
                ],
                className="today-body",
                tabIndex=0,
                role="region",
                **{"aria-label": "What is due today"},
            ),
        ],
    )


def _free_cash() -> html.Span:
    """Hidden until an answer has it."""
    return html.Span(
        [
            "Free cash ",
            html.Span(id=ids.TODAY_FREE_FIGURE, className="num"),
            html.Button(
                "why",
                id=ids.TODAY_FREE_WHY,
                className="why",
                type="button",
                **{"aria-label": "Why: where free cash comes from", "aria-haspopup": "dialog"},
            ),
            dbc.Popover(
                dbc.PopoverBody(
                    html.Dl(
                        [
                            html.Dt("Source"),
                            html.Dd("The broker's total cash in the base currency, and the short puts that are held."),
                            html.Dt("Rule"),
                            html.Dd(
                                "Cash less what all short puts on shares would cost if they were assigned: strike × multiplier. "
                                "Cash funds (MTZ_CASH_FUNDS) are near-cash and not counted. Not known where a put is adjusted or in another currency."
                            ),
                        ],
                        className="facts",
                    )
                ),
                target=ids.TODAY_FREE_WHY,
                trigger="legacy",
                placement="bottom",
            ),
        ],
        id=ids.TODAY_FREE,
        className="today-free",
        hidden=True,
    )


def _list(component_id: str, label: str) -> html.Ul:
    return html.Ul(id=component_id, className="today-list", hidden=True, role="list", **{"aria-label": label})
