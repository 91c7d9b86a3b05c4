"""Executions, orders and round trips as tables; assets/trades/ asks for their rows, block by block, sorted and filtered in the
database. A column's id is what REST sorts by."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.components.grid import call, figure, grid

HEIGHT = 562
BLOCK = 100  # rows a request


def _words(field: str, name: str, width: int, formatter: str, **more: Any) -> dict[str, Any]:
    return {
        "field": field, "headerName": name, "minWidth": width, "flex": width, "valueFormatter": call(formatter),
        "tooltipValueGetter": call(formatter), **more,
    }  # fmt: skip


def _figure(field: str, name: str, formatter: str, *, width: int, **more: Any) -> dict[str, Any]:
    return figure(field, name, f"mtz.journal.{formatter}(params)", width=width, **more)


FIXED: dict[str, Any] = {"sortable": False}
CONTRACT: dict[str, Any] = {
    "field": "symbol", "headerName": "Contract", "minWidth": 172, "flex": 172, "valueFormatter": call("mtz.journal.contract(params)"),
    "cellClass": "contract", "tooltipValueGetter": call("mtz.journal.contractTip(params)"),
}  # fmt: skip
NOTE = _words("note", "Note", 150, "mtz.journal.note(params)", **FIXED)
STRATEGY = _words(
    "strategy", "Strategy", 116, "mtz.journal.strategy(params)", cellClass=call("mtz.journal.strategyClass(params)")
)

EXECUTIONS: list[dict[str, Any]] = [
    {"field": "time", "headerName": "Time", "width": 132, "sort": "desc", "cellClass": "quiet", "valueFormatter": call("mtz.journal.time(params)"),
     "tooltipValueGetter": call("mtz.journal.timeTip(params)")},
    {"field": "side", "headerName": "Side", "width": 90, "valueFormatter": call("mtz.journal.side(params)"), "cellClass": call("mtz.journal.sideClass(params)")},
    CONTRACT,
    _figure("quantity", "Qty", "quantity", width=60),
    _figure("price", "Price", "price", width=76),
    _figure("realized_pnl", "Realized", "signed", width=92, signed=True, tip="As the broker reports it, commission taken out"),
    _figure("commission", "Fee", "price", width=64, tip="Commission; a dash until the broker reports it"),
    STRATEGY,
    NOTE,
]  # fmt: skip

ORDERS: list[dict[str, Any]] = [
    {"field": "time", "headerName": "Filled", "width": 132, "sort": "desc", "cellClass": "quiet", "valueFormatter": call("mtz.journal.time(params)"),
     "tooltipValueGetter": call("mtz.journal.timeTip(params)"), "sortingOrder": ["desc"], **FIXED},
    _words("legs", "Order", 320, "mtz.journal.legs(params)", cellClass="contract", **FIXED),
    _figure("price", "Price", "orderPrice", width=80, tip="Average by quantity; of several legs what the whole brought or cost", **FIXED),
    _figure("cash", "Cash", "orderCash", width=100, tip="What came less what went, before fees", **FIXED),
    _figure("fees", "Fees", "orderFees", width=80, **FIXED),
    _figure("executions", "Fills", "quantity", width=66, **FIXED),
    {**STRATEGY, **FIXED},
    _words("order_ref", "Reference", 130, "mtz.journal.reference(params)", **FIXED),
]  # fmt: skip

TRIPS: list[dict[str, Any]] = [
    {"field": "opened", "colId": "time", "headerName": "Opened", "width": 120, "sort": "desc", "cellClass": "quiet",
     "valueFormatter": call("mtz.journal.day(params)"), "tooltipValueGetter": call("mtz.journal.timeTip(params)")},
    CONTRACT,
    _figure("peak", "Qty", "peak", width=60, tip="The most that was held; negative: short"),
    _figure("open_price", "Open", "price", width=74, tip="Average price of what opened it", **FIXED),
    _figure("close_price", "Close", "price", width=74, tip="Average price of what closed it", **FIXED),
    {"field": "closed", "headerName": "Closed", "width": 104, "cellClass": "quiet", "valueFormatter": call("mtz.journal.closed(params)"),
     "tooltipValueGetter": call("mtz.journal.timeTip(params)")},
    _words("ended_by", "Ended by", 96, "mtz.journal.ended(params)", headerTooltip="What closed the last of it; rolled: into another option"),
    _figure("gross", "Gross", "signed", width=88, signed=True, tip="Cash received less paid, before fees; of what is open the cash so far"),
    _figure("fees", "Fees", "price", width=66),
    _figure("net", "Net", "signed", width=92, signed=True, tip="Gross less fees; a dash where it began before the first known execution"),
    _figure("holding_s", "Held", "span", width=80, tip="From the first to the last execution"),
    _figure("total_return", "Return", "fraction", width=82, signed=True, tip="Net ÷ what it bound: a short put's strike less the premium, the cost of longs"),
    STRATEGY,
    NOTE,
]  # fmt: skip


COLUMNS = {"executions": EXECUTIONS, "orders": ORDERS, "trips": TRIPS}


def journal_grid(name: str) -> html.Div:
    """The table of a list, one of COLUMNS."""
    return grid(
        ids.journal_grid(name), [{"sortingOrder": ["desc", "asc"], **column} for column in COLUMNS[name]], None, "mtz.journal.rowId(params)", HEIGHT,
        cacheBlockSize=BLOCK, maxBlocksInCache=30, infiniteInitialRowCount=1, maxConcurrentDatasourceRequests=2,
        blockLoadDebounceMillis=60, suppressMultiSort=True,
    )  # fmt: skip
