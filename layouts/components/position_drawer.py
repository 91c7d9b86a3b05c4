"""The drawer of an underlying: a position's facts and history, the underlying's bars, payoff, wheel, and what can be managed."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids
from layouts.components.chart import chart_body, style_buttons, table_tools, tool
from layouts.components.underlying import manage, payoff, wheel

# The names that assets/charts/draw/technical.js draws by.
TECHNICAL = {
    "sma": ("SMA 20", "Simple moving average of 20 bars"),
    "ema": ("EMA 50", "Exponential moving average of 50 bars"),
    "bollinger": ("Bollinger", "Bollinger bands: 20 bars, 2 standard deviations"),
    "rsi": ("RSI", "Relative strength index of 14 bars"),
    "macd": ("MACD", "Moving average convergence divergence: 12, 26, 9"),
    "atr": ("ATR", "Average true range of 14 bars"),
    "volatility": ("Volatility", "Realised volatility of 20 bars against implied, per year"),
}


def position_drawer() -> dbc.Offcanvas:
    return dbc.Offcanvas(
        [
            html.Div(
                id=ids.DRAWER_LEGS,
                className="drawer-legs",
                role="group",
                hidden=True,
                **{"aria-label": "What is held of it"},
            ),
            html.Dl(id=ids.DRAWER_FACTS, className="drawer-facts"),
            html.Div(
                [
                    _view_button(ids.DRAWER_SHOW_HOLDING, "Position", "holding", pressed=True),
                    _view_button(ids.DRAWER_SHOW_SYMBOL, "Underlying", "symbol", pressed=False),
                    _view_button(ids.DRAWER_SHOW_PAYOFF, "Payoff", "payoff", pressed=False),
                    _view_button(ids.DRAWER_SHOW_WHEEL, "Wheel", "wheel", pressed=False),
                    _view_button(ids.DRAWER_SHOW_MANAGE, "Manage", "manage", pressed=False),
                ],
                className="segments drawer-views",
                role="group",
                **{"aria-label": "What is shown"},
            ),
            html.Section(_holding(), id=ids.DRAWER_HOLDING, className="drawer-chart"),
            html.Section(_symbol(), id=ids.DRAWER_SYMBOL, className="drawer-chart tall", hidden=True),
            html.Section(payoff(), id=ids.DRAWER_PAYOFF, className="drawer-part", hidden=True),
            html.Section(wheel(), id=ids.DRAWER_WHEEL, className="drawer-part", hidden=True),
            html.Section(manage(), id=ids.DRAWER_MANAGE, className="drawer-part", hidden=True),
        ],
        id=ids.DRAWER,
        is_open=False,
        placement="end",
        title="Position",
        className="drawer",
        scrollable=False,
    )


def _holding() -> list[Any]:
    key = ids.Chart.HOLDING
    body = chart_body(
        key, "price and unrealised P&L", "Nothing is stored", "Samples are kept while it is held.", [style_buttons(key)]
    )
    return [_head(key, "position's history"), *body]  # fmt: skip


def _symbol() -> list[Any]:
    key = ids.Chart.SYMBOL
    toggles = [
        tool(key, "technical", words, pressed=False, value=name, title=title)
        for name, (words, title) in TECHNICAL.items()
    ]
    body = chart_body(
        key,
        "the broker's bars with indicators",
        "No bars",
        "The poller fetches them while it is connected.",
        [style_buttons(key)],
    )
    return [
        _head(key, "bars and indicators"),
        html.Div(toggles, className="chart-technical", role="group", **{"aria-label": "Indicators"}),
        *body,
    ]  # fmt: skip


def _head(key: str, what: str) -> html.Div:
    return html.Div(
        [
            html.Span(id=ids.chart("note", key), className="panel-note"),
            html.Div(table_tools(key, what), className="panel-tools"),
        ],
        className="drawer-head",
    )


def _view_button(component_id: str, words: str, view: str, *, pressed: bool) -> html.Button:
    return html.Button(
        words,
        id=component_id,
        type="button",
        className="segment",
        **{"aria-pressed": str(pressed).lower(), "data-view": view},
    )
