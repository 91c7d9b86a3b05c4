"""Trades: every execution ever seen and the round trips they fold into, by one filter; what they add up to."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids
from layouts.components.columns import column_choice
from layouts.components.field import choice, entry
from layouts.components.journal_grids import COLUMNS, journal_grid
from layouts.components.panel import empty, panel, problem, scrolls

EVERY = "*"
VIEWS = {"executions": "Executions", "orders": "Orders", "trips": "Round trips"}
WHEN = {
    "*": "Any day",
    "0": "Today",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "month": "This month",
    "year": "This year",
    "days": "From … to …",
}
TYPES = {"*": "Any type", "OPT": "Options", "STK": "Shares", "FOP": "Futures options", "BAG": "Combinations"}
SIDES = {"*": "Either side", "SLD": "Sold", "BOT": "Bought"}
STATES = {"*": "Open and closed", "open": "Open", "closed": "Closed"}
NOTED = {"*": "With and without notes", "true": "With notes", "false": "Without notes"}
UNITS = {"contract": "By contract", "chain": "By roll chain", "cycle": "By wheel cycle"}
PREMIUM_VIEWS = {"open": "By day of the sale", "close": "By day of the end", "accrued": "Accrued until the expiry"}


def trades() -> html.Div:
    return html.Div(
        [
            html.Div([html.H1("Trades"), html.P(id=ids.JOURNAL_SUMMARY, className="quiet")], className="page-head"),
            _journal(),
            html.Div([_results(), _premium()], className="journal-panels"),
        ],
        id=ids.PAGE_TRADES,
        hidden=True,
    )


def _journal() -> html.Section:
    return panel(
        "Trades",
        "journal",
        note=html.Span(id=ids.JOURNAL_NOTE, role="status"),
        tools=[
            html.Div(
                [
                    html.Button(name, type="button", className="tool", **{"data-view": view, "aria-pressed": str(view == "executions").lower()})
                    for view, name in VIEWS.items()
                ],
                id=ids.JOURNAL_VIEWS,
                className="journal-views",
                role="group",
                **{"aria-label": "What is listed"},
            ),
            *[_of_list(view, column_choice(view, columns)) for view, columns in COLUMNS.items()],
            html.A("CSV", id=ids.JOURNAL_CSV, className="tool", href="/api/exports/trades.csv", title="Download exactly what the filter shows"),
        ],
        children=[
            html.Div(_filters(), id=ids.JOURNAL_FILTERS, className="ledger-filters", role="group", **{"aria-label": "Which trades"}),
            problem(ids.JOURNAL_PROBLEM),
            problem(ids.JOURNAL_UNKEPT),
            html.Div(
                [
                    *[_of_list(view, journal_grid(view), className="journal-table") for view in COLUMNS],
                    empty(ids.JOURNAL_EMPTY, "No trade is here", "", shown=False),
                ],
                className="ledger-box",
            ),
        ],
    )  # fmt: skip


def _of_list(view: str, part: Any, **more: Any) -> html.Div:
    """Shown while that list is."""
    return html.Div(part, hidden=view != "executions", **{"data-table": view}, **more)


def _filters() -> list[Any]:
    return [
        entry("Find", ids.JOURNAL_TEXT, "contract, strategy, note", 100, "search"),
        entry("Symbol", ids.JOURNAL_SYMBOL, "any symbol", 40),
        choice("Days", ids.JOURNAL_WHEN, WHEN),
        html.Div(id=ids.JOURNAL_DAYS, className="filter journal-days"),
        choice("Type", ids.JOURNAL_TYPE, TYPES),
        choice("Side", ids.JOURNAL_SIDE, SIDES),
        choice("State", ids.JOURNAL_STATE, STATES),
        choice("Strategy", ids.JOURNAL_STRATEGY, {EVERY: "Every strategy"}),
        entry("Tag", ids.JOURNAL_TAG, "any tag", 32),
        choice("Notes", ids.JOURNAL_NOTED, NOTED),
        html.Button("Clear", id=ids.JOURNAL_CLEAR, type="button", className="tool", hidden=True),
    ]


def _results() -> html.Section:
    return panel(
        "Results",
        "results",
        note=html.Span(id=ids.RESULTS_NOTE),
        tools=_select(ids.RESULTS_UNIT, UNITS, "chain", "What counts as one"),
        children=[
            problem(ids.RESULTS_PROBLEM),
            html.Div(id=ids.RESULTS, className="results"),
        ],
    )  # fmt: skip


def _premium() -> html.Section:
    return panel(
        "Premium income",
        "premium",
        note=html.Span(id=ids.PREMIUM_NOTE),
        tools=_select(ids.PREMIUM_VIEW, PREMIUM_VIEWS, "open", "On which day premium counts"),
        children=[
            scrolls(ids.PREMIUM, "Premium income by month", "premium"),
            html.P(
                "Of short options alone, before fees: a view of the same money as the results, never added to them.",
                className="table-note quiet",
            ),
        ],
    )  # fmt: skip


def trade_dialog() -> html.Dialog:
    """One trade in full, and what is written beside it."""
    return html.Dialog(
        [
            html.H2(id=ids.TRADE_TITLE),
            html.Dl(id=ids.TRADE_FACTS, className="facts"),
            html.Div(id=ids.TRADE_NOTE, className="manage-note"),
            html.Div(
                html.Button("Close", id=ids.TRADE_CLOSE, type="button", className="tool large"),
                className="dialog-buttons",
            ),
        ],
        id=ids.TRADE_DIALOG,
        className="dialog",
        **{"aria-labelledby": ids.TRADE_TITLE},
    )


def rows_dialog() -> html.Dialog:
    """The rows that a total is made of."""
    return html.Dialog(
        [
            html.H2(id=ids.ROWS_TITLE),
            html.P(id=ids.ROWS_SUM, role="status", className="rows-sum"),
            scrolls(ids.ROWS_LIST, "The rows of the total", "rows-list"),
            html.Div(
                html.Button("Close", id=ids.ROWS_CLOSE, type="button", className="tool large"),
                className="dialog-buttons",
            ),
        ],
        id=ids.ROWS_DIALOG,
        className="dialog rows-dialog",
        **{"aria-labelledby": ids.ROWS_TITLE},
    )


def _select(target: str, choices: dict[str, str], value: str, name: str) -> html.Div:
    options = [{"label": words, "value": one} for one, words in choices.items()]
    return html.Div(
        [
            html.Label(name, htmlFor=target, className="visually-hidden"),
            dbc.Select(id=target, options=options, value=value, size="sm"),
        ],
        className="filter",
    )
