"""Positions: the browser turns accepted messages into rows and sums; no request per tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Input

from layouts import ids

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    app.clientside_callback(ClientsideFunction("mtz", "held"), Input(ids.POSITIONS, "data"))
