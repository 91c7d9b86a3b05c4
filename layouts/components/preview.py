"""A bot's own dry run: how far it is, then what its next run would send."""

from __future__ import annotations

from dash import html

from layouts import ids


def preview_dialog() -> html.Dialog:
    return html.Dialog(
        [
            html.H2(id=ids.PREVIEW_TITLE),
            html.P(
                "The bot's own dry run, now: with a client id of its own, nothing is sent and nothing is cancelled.",
                className="quiet",
            ),
            html.P(id=ids.PREVIEW_STATE, role="status", className="preview-state"),
            html.P(id=ids.PREVIEW_PROBLEM, className="dialog-problem", role="alert", hidden=True),
            html.Div(
                id=ids.PREVIEW_ORDERS, className="scrolls", tabIndex=0, role="region", hidden=True,
                **{"aria-label": "Orders that the bot would send"},
            ),
            html.Details(
                [html.Summary("The bot's own output"), html.Pre(id=ids.PREVIEW_OUTPUT, tabIndex=0)],
                id=ids.PREVIEW_OUTPUT_BOX,
                className="preview-output",
                hidden=True,
            ),
            html.Div(
                [
                    html.Button("Close", id=ids.PREVIEW_CLOSE, type="button", className="tool large"),
                    html.Button("Run it again", id=ids.PREVIEW_AGAIN, type="button", className="tool large"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.PREVIEW,
        className="dialog wide",
        **{"aria-labelledby": ids.PREVIEW_TITLE},
    )  # fmt: skip
