"""A field above a table, with its name: what is typed or chosen there decides which rows are shown."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html


def field(name: str, target: str, control: Any) -> html.Div:
    """`target` is the id of `control`."""
    return html.Div([html.Label(name, htmlFor=target), control], className="filter")


def entry(name: str, target: str, placeholder: str, longest: int, kind: str = "text") -> html.Div:
    """Words of at most `longest` characters."""
    control = dcc.Input(
        id=target, type=kind, maxLength=longest, autoComplete="off", placeholder=placeholder, className="entry", value=""
    )  # fmt: skip
    return field(name, target, control)


def choice(name: str, target: str, choices: dict[str, str], value: str = "*") -> html.Div:
    """One of `choices`, what it stands for → its words."""
    options = [{"label": words, "value": one} for one, words in choices.items()]
    return field(name, target, dbc.Select(id=target, options=options, value=value, size="sm"))
