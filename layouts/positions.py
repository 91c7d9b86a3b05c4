"""Positions: what is held by underlying, with totals; what expires when, and what an assignment would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from layouts import ids
from layouts.components.book_grid import COLUMNS, book_grid
from layouts.components.columns import column_choice
from layouts.components.field import choice, entry
from layouts.components.panel import empty, panel, problem, scrolls

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
            column_choice("book", COLUMNS),
            html.A("CSV", id=ids.BOOK_CSV, className="tool", href=_csv(state.account), title="Download exactly what the filter shows"),
        ],
        children=[
            html.Div(_filters(), className="ledger-filters", role="group", **{"aria-label": "Which positions"}),
            problem(ids.BOOK_PROBLEM),
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
            problem(ids.EXPIRIES_PROBLEM),
            scrolls(ids.EXPIRIES, "Expiry calendar by week"),
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
            scrolls(ids.LADDER, "Assignment ladder by expiry"),
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
            problem(ids.GREEKS_PROBLEM),
            scrolls(ids.GREEKS, "Greeks by underlying, in money"),
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
    return [
        entry("Find", ids.BOOK_TEXT, "symbol, expiry, strike", 60, "search"),
        choice("Expires in", ids.BOOK_DTE, DTE),
        choice("Strategy", ids.BOOK_STRATEGY, {EVERY: "Every strategy"}),
        html.Button("Clear", id=ids.BOOK_CLEAR, type="button", className="tool", hidden=True),
    ]
