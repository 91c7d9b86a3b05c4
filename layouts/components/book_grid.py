"""The positions by underlying: a row of totals each, shares and options beneath, a total of all above.

Rows, totals and folding are made by assets/positions/: AG Grid sees flat rows.
"""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.components.grid import call, figure, grid

HEIGHT = 300  # until the rows are there; assets/positions/table/grid.js makes it as high as they are

COLUMNS: list[dict[str, Any]] = [
    {
        "field": "name", "colId": "symbol", "headerName": "Contract", "sort": "asc", "valueFormatter": call("mtz.book.name(params)"), "pinned": "left", "width": 164, "lockPosition": "left",
        "suppressMovable": True, "cellClass": call("mtz.book.nameClass(params)"), "comparator": call("mtz.book.byName"),
        "tooltipValueGetter": call("mtz.book.nameTip(params)"), "headerTooltip": "By underlying: shares first, then options by expiry",
    },
    figure("quantity", "Qty", "mtz.book.any.quantity(params)", width=56, tip="Negative: short"),
    figure("average", "Average", "mtz.book.any.price(params)", width=84, tip="What one unit cost, commissions included, as the broker says"),
    figure("market_price", "Mark", "mtz.book.any.price(params)", width=74, tip="Of an underlying's row: its own price"),
    figure("market_value", "Value", "mtz.book.sum(params)", width=104),
    figure("daily_pnl", "Day P&L", "mtz.book.sum(params)", width=90, signed=True, tip="Since the broker's reset"),
    figure("unrealized_pnl", "Unrealized", "mtz.book.sum(params)", width=100, signed=True),
    figure("pnl_of_max_profit", "% of max", "mtz.book.option.whole(params)", width=78, signed=True, tip="Unrealized ÷ the most that a short option can earn: its premium"),
    figure("dte", "DTE", "mtz.book.option.days(params)", width=54, tip="Calendar days to expiry, in New York; of an underlying the next"),
    figure("moneyness", "Money", "mtz.book.moneyness(params)", width=60, tip="In, at or out of the money"),
    figure("distance_pct", "To strike", "mtz.book.option.percent(params)", width=78, tip="From the underlying's price to the strike, in percent of the price"),
    figure("distance_sigma", "In σ", "mtz.book.option.sigma(params)", width=64, tip="The same in standard deviations until expiry, by the implied volatility"),
    figure("delta", "Delta", "mtz.book.greek(params)", width=72, tip="Of the position, in shares of its underlying"),
    figure("theta", "Theta", "mtz.book.greek(params)", width=72, tip="Of the position, in money per day"),
    figure("implied_vol", "IV", "mtz.book.option.fraction(params)", width=68, tip="Implied volatility, per year"),
    {"field": "strategy", "headerName": "Strategy", "minWidth": 178, "flex": 178, "valueFormatter": call("mtz.book.strategy(params)"),
     "cellClass": call("mtz.book.strategyClass(params)"), "tooltipValueGetter": call("mtz.book.strategy(params)")},
    figure("break_even", "Break-even", "mtz.book.option.price(params)", width=94, tip="Of the underlying at expiry, by the average"),
    figure("pnl_of_cost", "% of cost", "mtz.book.any.percent(params)", width=94, signed=True, tip="Unrealized ÷ what was paid or received"),
    figure("realized_pnl", "Realized", "mtz.book.sum(params)", width=92, signed=True, tip="Of this trading day, as the broker says, of what is held still"),
    figure("gamma", "Gamma", "mtz.book.greek(params)", width=88, tip="Change of the position's delta for 1 up in the underlying"),
    figure("vega", "Vega", "mtz.book.greek(params)", width=88, tip="Of the position, in money per point of implied volatility"),
    figure("underlying_price", "Underlying", "mtz.book.option.price(params)", width=92, tip="The price the Greeks were made with"),
    figure("as_of", "Age", "mtz.rowAge(params.value)", width=70, tip="Shown once a row is older than a minute; of an underlying the oldest", sortable=False),
]  # fmt: skip


def book_grid() -> html.Div:
    return grid(
        ids.BOOK_GRID,
        COLUMNS,
        [],
        "mtz.book.rowId(params)",
        HEIGHT,
        getRowClass=call("mtz.book.rowClass(params)"),
        postSortRows=call("mtz.book.gather(params)"),
    )
