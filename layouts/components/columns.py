"""Which columns of a table are shown; their order and width are the reader's to drag. assets/pages/look.js keeps all of it."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids


def column_choice(name: str, columns: list[dict[str, Any]]) -> html.Details:
    """`name` is the stem of the table's ids, `columns` its columns: all but the first may be hidden."""
    boxes = [
        html.Button(
            column["headerName"],
            type="button",
            role="menuitemcheckbox",
            className="column-choice",
            **{"data-column": column.get("colId", column["field"]), "aria-checked": "true"},
        )
        for column in columns[1:]
    ]
    return html.Details(
        [
            html.Summary("Columns", className="tool"),
            html.Div(
                [
                    html.Div(
                        boxes, className="column-choices", role="menu", **{"aria-label": "Columns that are shown"}
                    ),
                    html.P("Drag a heading to move a column, its edge to widen it.", className="quiet"),
                    html.Button("Reset columns", id=ids.column_reset(name), type="button", className="tool"),
                ],
                className="more-list column-list",
            ),
        ],
        id=ids.column_choice(name),
        className="more columns",
    )
