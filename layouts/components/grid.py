"""One look and one behaviour for every AG Grid (Community). Functions named here live in assets/grids.js."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag
from dash import html

from layouts import ids

ROW_HEIGHT = 34
HEADER_HEIGHT = 36
TABLE = "data-grid"  # of the box: the table as Dash would be told of it

# The colours are CSS variables, so that the theme switch needs no word with the grid.
THEME = (
    "themeQuartz.withParams({"
    "backgroundColor: 'var(--mtz-surface)', foregroundColor: 'var(--mtz-text)', borderColor: 'var(--mtz-line)',"
    "headerBackgroundColor: 'var(--mtz-surface)', headerTextColor: 'var(--mtz-muted)', headerFontWeight: 500,"
    "headerFontSize: 12, fontSize: 13, fontFamily: 'var(--mtz-font)', accentColor: 'var(--mtz-accent)',"
    "rowHoverColor: 'var(--mtz-hover)', selectedRowBackgroundColor: 'var(--mtz-selected)', wrapperBorder: false,"
    "wrapperBorderRadius: 0, columnBorder: false, headerColumnResizeHandleColor: 'transparent', cellHorizontalPadding: 10, spacing: 6, browserColorScheme: 'inherit',"
    "rowBorder: {style: 'solid', width: 1, color: 'var(--mtz-line-soft)'},"
    "headerRowBorder: {style: 'solid', width: 1, color: 'var(--mtz-line)'},"
    f"rowHeight: {ROW_HEIGHT}, headerHeight: {HEADER_HEIGHT}"
    "})"
)


def call(expression: str) -> dict[str, str]:
    """A function of assets/grids.js, called for a cell."""
    return {"function": expression}


def figure(
    field: str, name: str, formatter: str, *, width: int, signed: bool = False, tip: str = "", **more: Any
) -> dict[str, Any]:
    """A right-aligned column of numbers; `signed` ones are coloured by their sign as well."""
    column: dict[str, Any] = {
        "field": field, "headerName": name, "minWidth": width, "flex": width, "type": "rightAligned", "cellClass": "num ag-right-aligned-cell",
        "valueFormatter": call(formatter), **more,
    }  # fmt: skip
    if signed:
        column["cellStyle"] = call("mtz.signStyle(params)")
    if tip:
        column["headerTooltip"] = tip
    return column


def grid(
    component_id: str, columns: list[dict[str, Any]], rows: list[Any] | None, row_id: str, height: int, **options: Any
) -> html.Div:
    """`row_id` is the expression that names a row for good; `options` are AG Grid's own. `rows` None: the browser asks for them
    block by block.

    The box around it has its height from the start and carries what the table is: assets/pages/grids.js makes it when it is first
    looked at, for each costs the browser as much as a small page.
    """
    content: dict[str, Any] = {"rowModelType": "infinite"} if rows is None else {"rowData": rows}
    table = dag.AgGrid(
        id=component_id,
        columnDefs=columns,
        **content,
        selectedRows=None,  # its default, an empty list, would be applied again with every change of a row
        getRowId=row_id,
        defaultColDef={"sortable": True, "resizable": True, "filter": False, "suppressHeaderMenuButton": True},
        dashGridOptions={
            "theme": {"function": THEME},
            "animateRows": False,
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "suppressCellFocus": False,
            "tooltipShowDelay": 400,
            "suppressNoRowsOverlay": True,
            "suppressDragLeaveHidesColumns": True,
            **options,
        },
        style={"height": "100%", "width": "100%"},
        className="grid",
    )
    return html.Div(
        id=ids.grid_box(component_id),
        className="grid-box",
        style={"height": f"{height}px"},
        **{TABLE: json.dumps(table.to_plotly_json())},
    )
