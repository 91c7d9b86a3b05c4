"""Reports: the browser asks REST for statements; a change of account is all that it hears from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Input

from layouts import ids

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    app.clientside_callback(ClientsideFunction("mtz", "reportsAccount"), Input(ids.ACCOUNT, "data"))
