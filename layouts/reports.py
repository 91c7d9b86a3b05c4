"""Reports: upload of the broker's statements, how far they agree, what doesn't, and files to take away. Filled by assets/reports/."""

from __future__ import annotations

from dash import html

from layouts import ids
from layouts.components.panel import panel

EXPORTS = (
    ("Positions", "positions"),
    ("Trades", "trades"),
    ("Round trips", "round_trips"),
    ("Cash flows", "cash_flows"),
    ("Snapshots", "snapshots"),
)


def reports() -> html.Div:
    return html.Div(
        [
            html.Div([html.H1("Reports"), html.P(id=ids.REPORTS_NOTE, className="quiet")], className="page-head"),
            html.P(id=ids.REPORTS_PROBLEM, className="notice", role="status", hidden=True),
            _upload(),
            panel(
                "Breaks with the broker",
                "breaks",
                note=html.Span(id=ids.BREAKS_NOTE),
                children=[html.Div(id=ids.BREAKS, className="breaks", role="list", **{"aria-label": "Breaks with the broker"})],
            ),
            panel(
                "Why is this not TWS's number?",
                "bridge",
                children=[html.Div(id=ids.BRIDGE, className="bridges")],
            ),
            panel(
                "Statements",
                "statements",
                children=[html.Div(id=ids.STATEMENTS, className="statements"), _empty()],
            ),
            _exports(),
        ],
        id=ids.PAGE_REPORTS,
        hidden=True,
    )  # fmt: skip


def _upload() -> html.Section:
    return panel(
        "Import statements",
        "upload",
        children=[
            html.Div(id=ids.UPLOAD, className="upload"),
            html.Div(id=ids.UPLOADS, className="uploads", role="list", **{"aria-label": "Files that were uploaded"}),
        ],
    )  # fmt: skip


def _exports() -> html.Section:
    links = [
        html.Li(html.A(name, href=f"/api/exports/{file}.csv", className="tool export", **{"data-file": file}))
        for name, file in EXPORTS
    ]
    return panel("Take away as CSV", "exports", children=[html.Ul(links, className="exports")])  # fmt: skip


def _empty() -> html.Div:
    return html.Div(
        [
            html.P("No statement is imported yet", className="empty-title"),
            html.P(
                "The broker's statements bring what its API forgets: earlier trades, deposits, dividends, and the value of every day. "
                "Each is compared with what is stored here, to the cent."
            ),
            html.Dl(
                [
                    html.Dt("Which query to make"),
                    html.Dd(
                        "In the Client Portal under Performance & Reports, Flex Queries: an Activity Flex Query as XML with Trades (Executions "
                        "and Closed Lots), Cash Transactions, Cash Report, Open Positions, Net Asset Value (NAV) in Base, Change in NAV and "
                        "Currency Conversion Rates. docs/statements.md lists every field."
                    ),
                    html.Dt("Without this page"),
                    html.Dd([html.Code("mtz import-flex FILE…"), " does the same."]),
                ],
                className="teach",
            ),
        ],
        id=ids.STATEMENTS_EMPTY,
        className="empty",
        hidden=True,
    )  # fmt: skip
