"""Charts and the drawer: what their components say is told to the assets. What comes from the server passes no callback here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dash import ClientsideFunction, Input, State

from layouts import ids

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    browser = partial(app.clientside_callback, prevent_initial_call=True)
    browser(ClientsideFunction("mtz", "drawer"), Input(ids.DRAWER, "is_open"))
    for key in ids.Chart:
        plot = ids.chart("chart", key)
        browser(ClientsideFunction("mtz", "chartMoved"), Input(plot, "visibleLogicalRange"), State(plot, "id"))
        browser(ClientsideFunction("mtz", "chartPointed"), Input(plot, "crosshair"), State(plot, "id"))
