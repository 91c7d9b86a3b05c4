"""Two to four strategies side by side: returns rebased on one chart, figures in a table, correlation of their days."""

from __future__ import annotations

from typing import Any

import dash_tvlwc
from dash import html

from layouts import ids
from layouts.components.chart import FRAMES
from layouts.components.panel import empty, panel, problem, scrolls

FRAMES_COMPARED = ("1M", "3M", "YTD", "1Y", "All")  # returns are of trading days: shorter ones say nothing
FIRST = "3M"


def comparison() -> html.Section:
    return panel(
        "Comparison",
        "compare",
        note=html.Span(id=ids.COMPARE_NOTE),
        tools=html.Button(
            "Table",
            id=ids.COMPARE_TABLE_BUTTON,
            type="button",
            className="tool",
            title="The returns as numbers",
            **{"aria-pressed": "false", "aria-controls": ids.COMPARE_TABLE},
        ),
        children=[
            html.Div([_frames(), html.Div(id=ids.COMPARE_PICK, className="compare-pick", role="group", **{"aria-label": "Two to four strategies"})],
                     className="chart-tools"),
            problem(ids.COMPARE_PROBLEM),
            html.P(id=ids.COMPARE_LEGEND, className="chart-legend num"),
            html.Div(_plot(), className="chart-box"),
            html.Div(
                [
                    scrolls(ids.COMPARE_FIGURES, "Figures of the compared strategies"),
                    scrolls(ids.COMPARE_CORRELATION, "Correlation of daily returns"),
                ],
                className="compare-tables",
            ),
        ],
    )  # fmt: skip


def _frames() -> html.Div:
    buttons = [
        html.Button(
            name, type="button", className="segment", title=FRAMES[name],
            **{"aria-pressed": str(name == FIRST).lower(), "data-compare-frame": name},
        )
        for name in FRAMES_COMPARED
    ]  # fmt: skip
    return html.Div(buttons, className="segments", role="group", **{"aria-label": "Time frame"})


def _plot() -> list[Any]:
    return [
        html.Div(
            dash_tvlwc.Tvlwc(
                id=ids.COMPARE_CHART,
                height="100%",
                width="100%",
                series=[],
                chartOptions={"autoSize": True},
                subscribeCrosshair=True,
                reportThrottle=60,
            ),
            id=ids.COMPARE_PLOT,
            className="chart",
            role="group",
            tabIndex=0,
            **{"aria-label": "Chart: returns of the compared strategies, all from 0 %. The button Table shows them as numbers."},
        ),
        empty(ids.COMPARE_EMPTY, "Nothing to compare yet", "Two strategies with a trading day behind them are needed.", shown=True),
        html.Div(
            html.Div(id=ids.COMPARE_POINTS),
            id=ids.COMPARE_TABLE,
            className="chart-table",
            hidden=True,
            tabIndex=0,
            role="region",
            **{"aria-label": "Returns as a table"},
        ),
    ]  # fmt: skip
