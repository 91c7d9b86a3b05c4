"""Which account the page shows; only there when there are several."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids


def account_picker(accounts: list[str], chosen: str | None) -> html.Div:
    return html.Div(
        [
            html.Label("Account", htmlFor=ids.PICKER, className="visually-hidden"),
            dbc.Select(id=ids.PICKER, options=options(accounts), value=chosen, size="sm"),
        ],
        id=ids.PICKER_BOX,
        className="picker",
        hidden=len(accounts) < 2,
    )


def options(accounts: list[str]) -> list[dict[str, str]]:
    return [{"label": account, "value": account} for account in accounts]
