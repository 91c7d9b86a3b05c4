"""Reports: the browser asks REST for statements and follows uploads; a change of account is all that it hears from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Input, State

from layouts import ids

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("mtz", "reportsAccount"), Input(ids.ACCOUNT, "data"), State(ids.CONFIG, "data")
    )
