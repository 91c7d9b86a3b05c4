"""The positions: options under their stock, figures right-aligned, unknown as a dash, live row by row."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.components.grid import HEADER_HEIGHT, ROW_HEIGHT, call, figure, grid

MOST_ROWS = 18  # more scroll inside the table

COLUMNS: list[dict[str, Any]] = [
    {
        "field": "symbol", "headerName": "Contract", "pinned": "left", "width": 208, "sort": "asc",
        "cellClass": call("mtz.contractClass(params)"), "valueFormatter": call("mtz.contract(params.data)"),
        "comparator": call("mtzByContract"), "headerTooltip": "Sorted by underlying: options stand under their stock",
    },
    figure("quantity", "Qty", "mtz.quantity(params.value)", width=84, tip="Negative: short"),
    figure("avg_price", "Avg price", "mtz.price(params.value)", width=104, tip="What one unit cost, commissions included",
           valueGetter=call("mtz.averagePrice(params.data)")),
    figure("market_price", "Price", "mtz.price(params.value)", width=104),
    figure("market_value", "Value", "mtz.number(params.value)", width=124),
    figure("daily_pnl", "Day P&L", "mtz.signed(params.value)", width=116, signed=True),
    figure("unrealized_pnl", "Unrealized", "mtz.signed(params.value)", width=124, signed=True),
    figure("delta", "Delta", "mtz.signed(params.value, 3)", width=90, tip="Per unit of the underlying"),
    figure("theta", "Theta", "mtz.signed(params.value, 3)", width=90, tip="Per day, per unit of the underlying"),
    figure("implied_vol", "IV", "mtz.fraction(params.value)", width=84, tip="Implied volatility, per year"),
    figure("dte", "DTE", "mtz.quantity(params.value)", width=74, tip="Calendar days to expiry, in New York",
           valueGetter=call("mtz.dte(params.data)")),
    figure("underlying_price", "Underlying", "mtz.price(params.value)", width=112, tip="The price the Greeks were made with"),
    figure("as_of", "Age", "mtz.rowAge(params.value)", width=82, tip="Shown once a row is older than a minute"),
]  # fmt: skip


def positions_grid(rows: int) -> html.Div:
    """As high as so many rows; which ones the browser knows from its first messages."""
    return grid(
        ids.POSITIONS_GRID,
        COLUMNS,
        [],
        "mtz.rowId(params)",
        height(rows),
        getRowClass=call("mtz.rowClass(params)"),
    )


def height(rows: int) -> int:
    """Pixels for so many rows; assets/grids.js counts the same way."""
    return HEADER_HEIGHT + ROW_HEIGHT * max(3, min(rows, MOST_ROWS)) + 18
