"""The latest executions, newest first."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.components.grid import call, figure, grid

HEIGHT = 392  # as high as the chart beside it

COLUMNS: list[dict[str, Any]] = [
    {
        "field": "time", "headerName": "Time", "width": 116, "sort": "desc", "cellClass": "quiet",
        "valueFormatter": call("mtz.time(params.value)"), "comparator": call("mtzByTime"),
    },
    {"field": "side", "headerName": "Side", "width": 74, "valueFormatter": call("mtz.side(params.data)"),
     "cellClass": call("mtz.sideClass(params)"), "tooltipValueGetter": call("mtz.sideTip(params.data)")},
    {"field": "symbol", "headerName": "Contract", "minWidth": 172, "flex": 190, "valueFormatter": call("mtz.contract(params.data)")},
    figure("quantity", "Qty", "mtz.quantity(params.value)", width=46),
    figure("price", "Price", "mtz.price(params.value)", width=66),
    figure("realized_pnl", "Realized", "mtz.signed(params.value)", width=86, signed=True,
           tip="As the broker reports it, commission taken out; a dash until it does, and for what opens"),
    figure("commission", "Fee", "mtz.price(params.value)", width=52, tip="Commission; a dash until the broker reports it"),
]  # fmt: skip


def trades_grid() -> html.Div:
    return grid(ids.TRADES_GRID, COLUMNS, [], "mtz.tradeKey(params.data)", HEIGHT)
