"""Overview: the browser turns accepted messages into text, rows and a curve; no request per tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Input, State

from layouts import ids

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    browser = app.clientside_callback
    browser(
        ClientsideFunction("mtz", "cards"),
        Input(ids.SUMMARY, "data"),
        Input(ids.PORTFOLIO, "data"),
        Input(ids.STRATEGIES, "data"),
        State(ids.CONFIG, "data"),
    )
    browser(ClientsideFunction("mtz", "grow"), Input(ids.PORTFOLIO, "data"))
    browser(ClientsideFunction("mtz", "drawer"), Input(ids.DRAWER, "is_open"))
    for key in ids.Chart:
        plot = ids.chart("chart", key)
        browser(ClientsideFunction("mtz", "chartMoved"), Input(plot, "visibleLogicalRange"), State(plot, "id"))
        browser(ClientsideFunction("mtz", "chartPointed"), Input(plot, "crosshair"), State(plot, "id"))
    browser(ClientsideFunction("mtz", "trades"), Input(ids.TRADES, "data"))
