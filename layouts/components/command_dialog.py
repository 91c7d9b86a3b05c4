"""The dialog that asks before stop, resume, the kill switch and its release: what will happen and what will not.

A native modal dialog: the browser keeps the focus inside, closes it on Esc and gives the focus back.
"""

from __future__ import annotations

from dash import dcc, html

from layouts import ids

LONGEST_REASON = 500  # as data/commands.py


def command_dialog() -> html.Dialog:
    return html.Dialog(
        [
            html.H2(id=ids.DIALOG_TITLE),
            html.Section([html.H3("What happens"), html.Ul(id=ids.DIALOG_EFFECT)]),
            html.Section([html.H3("What does not"), html.Ul(id=ids.DIALOG_KEPT)]),
            html.Div(
                id=ids.DIALOG_SHORTS, className="shorts", tabIndex=0, role="region", hidden=True,
                **{"aria-label": "Open short options that can still be assigned"},
            ),
            html.Div(
                [
                    html.Label("Symbol", htmlFor=ids.DIALOG_SYMBOL),
                    dcc.Input(id=ids.DIALOG_SYMBOL, type="text", list=ids.DIALOG_SYMBOLS, maxLength=32, autoComplete="off", className="entry", value=""),
                    html.Datalist(id=ids.DIALOG_SYMBOLS),
                ],
                id=ids.DIALOG_SYMBOL_BOX,
                className="field-box",
                hidden=True,
            ),
            html.Div(
                [
                    html.Label("Reason (kept in the audit log)", htmlFor=ids.DIALOG_REASON),
                    dcc.Input(id=ids.DIALOG_REASON, type="text", maxLength=LONGEST_REASON, autoComplete="off", className="entry", value=""),
                ],
                className="field-box",
            ),
            html.P(id=ids.DIALOG_PROBLEM, className="dialog-problem", role="alert", hidden=True),
            html.Div(
                [
                    html.Button("Cancel", id=ids.DIALOG_CANCEL, type="button", className="tool large"),
                    html.Button("Stop", id=ids.DIALOG_CONFIRM, type="button", className="tool large danger"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=ids.DIALOG,
        className="dialog",
        **{"aria-labelledby": ids.DIALOG_TITLE},
    )  # fmt: skip
