"""Which account is on the page; shown only when there are several."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids


def account_picker(accounts: list[str], account: str | None) -> html.Div:
    return html.Div(
        [
            html.Label("Account", htmlFor=ids.ACCOUNT_PICKER, className="visually-hidden"),
            dbc.Select(
                id=ids.ACCOUNT_PICKER,
                options=[{"label": name, "value": name} for name in accounts],
                value=account,
                size="sm",
            ),
        ],
        id=ids.ACCOUNT_FIELD,
        className="account-field",
        hidden=len(accounts) < 2,
    )
