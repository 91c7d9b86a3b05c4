"""What the drawer says of an underlying: payoff, wheel, management; filled by assets/positions/drawer/."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts.components.panel import problem, scrolls


def payoff() -> list[Any]:
    return [
        html.P(id="drawer-payoff-said", className="drawer-line quiet", role="status", hidden=True),
        html.Div(
            [
                html.P(id="drawer-payoff-title", className="drawer-line"),
                html.Dl(id="drawer-payoff-facts", className="drawer-facts"),
                html.Div(
                    [
                        html.Div(id="drawer-payoff-when", className="payoff-when"),
                        html.Button(
                            "Table", id="drawer-payoff-table-button", type="button", className="tool", title="The curves as numbers",
                            **{"aria-pressed": "false", "aria-controls": "drawer-payoff-table"},
                        ),
                        html.Button("CSV", id="drawer-payoff-csv", type="button", className="tool", title="Download the curves that are shown"),
                    ],
                    className="chart-tools",
                ),
                html.P(id="drawer-payoff-legend", className="chart-legend num"),
                html.Div(
                    [
                        html.Div(id="drawer-payoff-plot", className="payoff-plot", role="group", tabIndex=0, **{"aria-label": "Profit and loss"}),
                        html.Div(
                            html.Div(id="drawer-payoff-points"), id="drawer-payoff-table", className="chart-table", hidden=True,
                            role="region", tabIndex=0, **{"aria-label": "Profit and loss as numbers"},
                        ),
                    ],
                    className="payoff-box",
                ),
                html.Ul(id="drawer-payoff-notes", className="gaps"),
                scrolls("drawer-payoff-legs", "Positions in the figures"),
            ],
            id="drawer-payoff-body",
            hidden=True,
        ),
    ]  # fmt: skip


def wheel() -> list[Any]:
    return [
        problem("drawer-wheel-problem"),
        html.Div(
            [
                html.P("No wheel cycle is known", className="empty-title"),
                html.P("A cycle begins when an option is sold; it is folded from the executions that are known."),
            ],
            id="drawer-wheel-empty",
            className="empty",
            hidden=True,
        ),
        html.Div(
            [
                html.Div(id="drawer-wheel-list", className="drawer-legs", role="group", **{"aria-label": "Cycles, newest first"}),
                html.P(id="drawer-wheel-title", className="drawer-line", role="status"),
                html.Dl(id="drawer-wheel-money", className="drawer-facts"),
                html.H3("Per share, side by side", className="drawer-sub"),
                html.Dl(id="drawer-wheel-basis", className="drawer-facts"),
                html.H3("Return", className="drawer-sub"),
                html.Dl(id="drawer-wheel-returns", className="drawer-facts wide"),
                html.P(id="drawer-wheel-why", className="drawer-line quiet", hidden=True),
                html.H3("The same money elsewhere", className="drawer-sub"),
                html.Dl(id="drawer-wheel-against", className="drawer-facts wide"),
                html.P(id="drawer-wheel-against-why", className="drawer-line quiet", role="status"),
                scrolls("drawer-wheel-chain", "Roll chain"),
                html.P(id="drawer-wheel-said", className="drawer-line quiet"),
            ],
            id="drawer-wheel-body",
            hidden=True,
        ),
    ]  # fmt: skip


def manage() -> list[Any]:
    return [
        html.P("There is no order ticket here: this program sends no order and closes no position.", className="drawer-line quiet"),
        html.H3("Pause or resume in a strategy", className="drawer-sub"),
        html.Div(id="drawer-manage-strategies", className="manage-lines"),
        html.H3("Note and tags", className="drawer-sub"),
        html.Div(id="drawer-note", className="manage-note"),
        html.H3("Whose the orders were", className="drawer-sub"),
        html.P(
            "Given to another strategy by hand, an order's fills count there from now on; it is kept in the audit log.",
            className="drawer-line quiet",
        ),
        html.Div(id="drawer-manage-orders", className="manage-lines"),
        html.P(id="drawer-manage-said", className="drawer-line", role="status"),
    ]  # fmt: skip
