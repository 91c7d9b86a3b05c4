"""The decision ledger: what a bot meant to do, what became of it, and what it left undone and why."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids
from layouts.components.field import choice, entry
from layouts.components.grid import call, figure, grid
from layouts.components.panel import empty, panel, problem

HEIGHT = 440
EVERY = "*"
KINDS = {
    EVERY: "Every kind",
    "intent": "Intended orders",
    "skip": "Skipped",
    "rejection": "Rejected",
    "error": "Errors",
    "note": "Notes",
    "orphan": "Orders of no decision",
}


def _amount(field: str, name: str, formatter: str, width: int, tip: str = "") -> dict[str, Any]:
    return figure(field, name, formatter, width=width, tip=tip, sortable=False) | {"flex": None, "width": width}


COLUMNS: list[dict[str, Any]] = [
    {"field": "time", "headerName": "Time", "width": 124, "cellClass": "quiet", "sortable": False,
     "valueFormatter": call("mtz.time(params.value)")},
    {"field": "strategy", "headerName": "Strategy", "minWidth": 136, "flex": 60, "sortable": False,
     "valueFormatter": call("mtz.ledger.strategy(params.data)")},
    {"field": "kind", "headerName": "Decision", "width": 102, "sortable": False,
     "valueFormatter": call("mtz.ledger.kind(params.value)"), "cellClass": call("mtz.ledger.kindClass(params)")},
    {"field": "contract", "headerName": "What", "minWidth": 232, "flex": 232, "sortable": False,
     "valueFormatter": call("mtz.ledger.what(params.data)"), "tooltipValueGetter": call("mtz.ledger.what(params.data)")},
    {"field": "reason", "headerName": "Reason", "minWidth": 240, "flex": 420, "sortable": False,
     "tooltipField": "reason", "valueFormatter": call("mtz.ledger.reason(params.data)")},
    {"field": "order_status", "headerName": "Order", "width": 112, "sortable": False,
     "valueFormatter": call("mtz.ledger.order(params.data)")},
    _amount("fill_price", "Filled at", "mtz.price(params.value)", 84),
    _amount("mid", "Mid", "mtz.price(params.value)", 76, "Middle of bid and ask at the decision"),
    _amount("slippage", "Slippage", "mtz.ledger.slippage(params.value)", 92,
            "Per unit against the mid at the decision; positive is worse than mid"),
    _amount("commission", "Fee", "mtz.price(params.value)", 72),
]  # fmt: skip


def ledger() -> html.Section:
    return panel(
        "Decision ledger",
        "ledger",
        note=html.Span(id=ids.LEDGER_NOTE),
        children=[
            html.Div(_filters(), className="ledger-filters", role="group", **{"aria-label": "Which decisions"}),
            problem(ids.LEDGER_PROBLEM),
            html.Div(
                [
                    grid(ids.LEDGER_GRID, COLUMNS, [], "mtz.ledger.rowId(params.data)", HEIGHT),
                    empty(
                        ids.LEDGER_EMPTY,
                        "No decision is recorded",
                        "What a bot intends, skips and why stands here from its next run on, as far as it keeps a record.",
                        shown=False,
                    ),
                ],
                className="ledger-box",
            ),
            html.Div(
                [
                    html.Span(id=ids.LEDGER_NOT_RECORDED, className="quiet"),
                    html.Button("Older", id=ids.LEDGER_OLDER, type="button", className="tool", hidden=True),
                ],
                className="ledger-foot",
            ),
        ],
    )


def _filters() -> list[html.Div]:
    return [
        choice("Strategy", ids.LEDGER_STRATEGY, {EVERY: "Every strategy"}),
        choice("Kind", ids.LEDGER_KIND, KINDS),
        entry("Symbol", ids.LEDGER_SYMBOL, "any", 32),
    ]


def decision_dialog() -> html.Dialog:
    """One line of the ledger in full; an order in it can be given to another strategy by hand."""
    return html.Dialog(
        [
            html.H2(id=ids.DECISION_TITLE),
            html.Dl(id=ids.DECISION_FACTS, className="facts"),
            html.Div(
                [
                    html.H3("Whose order it is"),
                    html.P(
                        "Given to another strategy by hand, its fills count there from now on; figures that were stored before stay. "
                        "It is kept in the audit log.",
                        className="quiet",
                    ),
                    html.Div(
                        [
                            html.Label("Strategy", htmlFor=ids.DECISION_STRATEGY),
                            dbc.Select(id=ids.DECISION_STRATEGY, options=[], value=""),
                        ],
                        className="field-box",
                    ),
                ],
                id=ids.DECISION_ASSIGN_BOX,
                className="assign-box",
                hidden=True,
            ),
            html.P(id=ids.DECISION_PROBLEM, className="dialog-problem", role="alert", hidden=True),
            html.Div(
                [
                    html.Button("Close", id=ids.DECISION_CLOSE, type="button", className="tool large"),
                    html.Button("Assign the order", id=ids.DECISION_ASSIGN, type="button", className="tool large"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.DECISION,
        className="dialog",
        **{"aria-labelledby": ids.DECISION_TITLE},
    )  # fmt: skip
