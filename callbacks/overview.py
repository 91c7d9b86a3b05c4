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
        Input(ids.POSITIONS, "data"),
        State(ids.CONFIG, "data"),
    )
    browser(ClientsideFunction("mtz", "equity"), Input(ids.EQUITY, "data"))
    browser(ClientsideFunction("mtz", "grow"), Input(ids.PORTFOLIO, "data"))
    browser(ClientsideFunction("mtz", "equityTable"), Input(ids.CHART_TABLE_BUTTON, "n_clicks"))
    browser(ClientsideFunction("mtz", "positions"), Input(ids.POSITIONS, "data"))
    browser(ClientsideFunction("mtz", "trades"), Input(ids.TRADES, "data"))
