"""Positions: what is held by underlying, with totals; what expires when, and what an assignment would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from layouts import ids
from layouts.components.book_grid import CHOOSABLE, book_grid
from layouts.components.panel import empty, panel

if TYPE_CHECKING:
    from layouts.state import PageState

DTE = {"*": "Any", "7": "7 days or less", "30": "30 days or less", "45": "45 days or less", "over": "More than 45 days"}
EVERY = "*"


def positions(state: PageState) -> html.Div:
    return html.Div(
        [
            html.Div(
                [html.H1("Positions"), html.P(id=ids.BOOK_SUMMARY, className="quiet")],
                className="page-head",
            ),
            _held(state),
            html.Div([_calendar(), _ladder(), _greeks()], className="expiry-panels"),
        ],
        id=ids.PAGE_POSITIONS,
        hidden=True,
    )


def _held(state: PageState) -> html.Section:
    return panel(
        "Held",
        "book",
        note=html.Span(id=ids.BOOK_NOTE, role="status"),
        tools=[
            html.Button("Fold all", id=ids.BOOK_FOLD, type="button", className="tool"),
            _columns(),
            html.A("CSV", id=ids.BOOK_CSV, className="tool", href=_csv(state.account), title="Download exactly what the filter shows"),
        ],
        children=[
            html.Div(_filters(), className="ledger-filters", role="group", **{"aria-label": "Which positions"}),
            html.P(id=ids.BOOK_PROBLEM, className="panel-problem", role="status", hidden=True),
            html.Div(
                [
                    book_grid(),
                    empty(
                        ids.BOOK_EMPTY,
                        "Nothing is held",
                        "Stocks and options stand here by their underlying, as soon as the account holds some.",
                        shown=False,
                    ),
                ],
                className="ledger-box",
            ),
            html.P(html.A("Why is this not TWS's number?", href="/reports#bridge-title"), className="table-note quiet"),
        ],
    )  # fmt: skip


def _calendar() -> html.Section:
    return panel(
        "Expiry calendar",
        "expiries",
        note=html.Span(id=ids.EXPIRIES_NOTE),
        children=[
            html.P(id=ids.EXPIRIES_PROBLEM, className="panel-problem", role="status", hidden=True),
            html.Div(id=ids.EXPIRIES, className="scrolls", tabIndex=0, role="region", **{"aria-label": "Expiry calendar by week"}),
            html.P(
                "Premium at risk: what buying the shorts back would cost at the marks. Notional: strike × multiplier of the shorts.",
                className="table-note quiet",
            ),
        ],
    )  # fmt: skip


def _ladder() -> html.Section:
    return panel(
        "If assigned",
        "ladder",
        note=html.Span(id=ids.LADDER_NOTE),
        children=[
            html.Div(id=ids.LADDER, className="scrolls", tabIndex=0, role="region", **{"aria-label": "Assignment ladder by expiry"}),
            html.P(
                "What each expiry by itself would take if all short options, or only those in the money now, were assigned; "
                "our estimate by strikes, never the broker's margin.",
                className="table-note quiet",
            ),
            html.H3("By the broker itself", className="drawer-sub"),
            html.Dl(id=ids.LADDER_BROKER, className="drawer-facts wide"),
        ],
    )  # fmt: skip


def _greeks() -> html.Section:
    return panel(
        "Greeks of all that is held",
        "greeks",
        note=html.Span(id=ids.GREEKS_NOTE),
        children=[
            html.P(id=ids.GREEKS_PROBLEM, className="panel-problem", role="status", hidden=True),
            html.Div(id=ids.GREEKS, className="scrolls", tabIndex=0, role="region", **{"aria-label": "Greeks by underlying, in money"}),
            html.P(
                [
                    "In money: delta × price, its change when the underlying rises one percent, a calendar day, a percentage point of "
                    "volatility. Delta weighted by beta is in shares of the benchmark. ",
                    html.Span(id=ids.GREEKS_WINDOW),
                ],
                className="table-note quiet",
            ),
        ],
    )  # fmt: skip


def _csv(account: str | None) -> str:
    return "/api/exports/positions.csv" + (f"?account={account}" if account else "")


def _filters() -> list[Any]:
    every = [{"label": "Every strategy", "value": EVERY}]
    days = [{"label": name, "value": value} for value, name in DTE.items()]
    return [
        _field("Find", ids.BOOK_TEXT, dcc.Input(id=ids.BOOK_TEXT, type="search", maxLength=60, autoComplete="off", placeholder="symbol, expiry, strike", className="entry", value="")),
        _field("Expires in", ids.BOOK_DTE, dbc.Select(id=ids.BOOK_DTE, options=days, value=EVERY, size="sm")),
        _field("Strategy", ids.BOOK_STRATEGY, dbc.Select(id=ids.BOOK_STRATEGY, options=every, value=EVERY, size="sm")),
        html.Button("Clear", id=ids.BOOK_CLEAR, type="button", className="tool", hidden=True),
    ]  # fmt: skip


def _field(name: str, target: str, control: Any) -> html.Div:
    return html.Div([html.Label(name, htmlFor=target), control], className="filter")


def _columns() -> html.Details:
    """Which columns are shown; their order and width are the reader's to drag."""
    boxes = [
        html.Button(
            name,
            type="button",
            role="menuitemcheckbox",
            className="column-choice",
            **{"data-column": column, "aria-checked": "true"},
        )
        for column, name in CHOOSABLE.items()
    ]
    return html.Details(
        [
            html.Summary("Columns", className="tool"),
            html.Div(
                [
                    html.Div(
                        boxes, className="column-choices", role="menu", **{"aria-label": "Columns that are shown"}
                    ),
                    html.P("Drag a heading to move a column, its edge to widen it.", className="quiet"),
                    html.Button("Reset columns", id=ids.BOOK_RESET, type="button", className="tool"),
                ],
                className="more-list column-list",
            ),
        ],
        id=ids.BOOK_COLUMNS,
        className="more columns",
    )
