"""A chart of history: time frames, its look, a legend with exact values, the plot, its gaps, and the same data as a table.

What it shows is fetched and drawn by assets/charts/: the reader's zone, the width in pixels and the theme are known there.
"""

from __future__ import annotations

from typing import Any

import dash_tvlwc
from dash import html

from layouts import ids
from layouts.components.panel import empty

FRAMES = {
    "1D": "The newest trading day",
    "1W": "One week",
    "1M": "One month",
    "3M": "Three months",
    "YTD": "Since the first of January",
    "1Y": "One year",
    "All": "Everything that is stored",
}
FIRST_FRAME = "1D"
RANGE_REPORT_MS = 60  # the chart tells of panning and zooming so often; asking for data waits for a pause anyway
KEYS = "Arrow keys pan, plus and minus zoom, Home shows the whole span."


def chart_body(key: str, name: str, empty_title: str, empty_text: str, extra: list[Any] | None = None) -> list[Any]:
    """Everything below the heading; `key` is the stem of every id, `name` says what is drawn, `extra` are more tools."""
    return [
        html.Div(
            [frame_buttons(key), html.Div([*(extra or []), *zoom_buttons(key)], className="chart-more")],
            className="chart-tools",
        ),
        html.P(id=ids.chart("legend", key), className="chart-legend num"),
        html.Div(
            [
                html.Div(
                    _plot(key),
                    id=ids.chart("plot", key),
                    className="chart",
                    tabIndex=0,
                    role="group",
                    **{"aria-label": f"Chart: {name}. {KEYS} The button Table shows it as numbers.", "data-chart": key},
                ),
                empty(ids.chart("empty", key), empty_title, empty_text, shown=False),
                html.Div(
                    id=ids.chart("table", key),
                    className="chart-table",
                    hidden=True,
                    tabIndex=0,
                    role="region",
                    **{"aria-label": f"{name} as a table"},
                ),
            ],
            className="chart-box",
        ),
        html.Ul(id=ids.chart("gaps", key), className="gaps", hidden=True, **{"aria-label": "Gaps"}),
    ]


def _plot(key: str) -> dash_tvlwc.Tvlwc:
    return dash_tvlwc.Tvlwc(
        id=ids.chart("chart", key),
        height="100%",
        width="100%",
        series=[],
        chartOptions={"autoSize": True},
        subscribeVisibleRange=True,
        subscribeCrosshair=True,
        reportThrottle=RANGE_REPORT_MS,
    )


def table_tools(key: str, what: str) -> list[Any]:
    """The heading's tools: the data as a table, and as a file."""
    return [
        tool(key, "table", "Table", pressed=False, title=f"The {what} as numbers", **{"aria-controls": ids.chart("table", key)}),
        tool(key, "csv", "CSV", title=f"Download the {what} that is shown"),
    ]  # fmt: skip


def frame_buttons(key: str) -> html.Div:
    return html.Div(
        [
            html.Button(
                name,
                id=ids.chart(f"frame-{name}", key),
                type="button",
                className="segment",
                title=title,
                **{"aria-pressed": "false", "data-chart": key, "data-act": "frame", "data-value": name},
            )
            for name, title in FRAMES.items()
        ],
        className="segments",
        role="group",
        **{"aria-label": "Time frame"},
    )


def style_buttons(key: str) -> html.Div:
    """Area or candles."""
    return html.Div(
        [
            html.Button(
                title,
                id=ids.chart(f"style-{name}", key),
                type="button",
                className="segment",
                **{
                    "aria-pressed": str(name == "area").lower(),
                    "data-chart": key,
                    "data-act": "style",
                    "data-value": name,
                },
            )
            for name, title in (("area", "Area"), ("candles", "Candles"))
        ],
        className="segments",
        role="group",
        **{"aria-label": "Drawn as"},
    )


def zoom_buttons(key: str) -> list[Any]:
    return [
        html.Div(
            [
                html.Button(
                    sign,
                    type="button",
                    className="segment sign",
                    title=title,
                    **{"aria-label": title, "data-chart": key, "data-act": "zoom", "data-value": value},
                )
                for sign, title, value in (("−", "Zoom out", "0.5"), ("+", "Zoom in", "2"))
            ],
            className="segments",
            role="group",
            **{"aria-label": "Zoom"},
        )
    ]


def tool(key: str, act: str, words: str, *, pressed: bool | None = None, value: str = "", **more: Any) -> html.Button:
    """A button that assets/charts/tools.js understands: `data-act` says what it does to the chart `key`."""
    wild: dict[str, Any] = {"data-chart": key, "data-act": act, "data-value": value}
    wild |= {name: more.pop(name) for name in list(more) if name.startswith("aria-")}
    if pressed is not None:
        wild["aria-pressed"] = str(pressed).lower()
    name = f"{act}-button" if not value else f"{act}-{value}"
    return html.Button(words, id=ids.chart(name, key), type="button", className="tool", **more, **wild)
