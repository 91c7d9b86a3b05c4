"""About: what this is, and whose work it stands on."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids

PARTS: list[tuple[Any, str, str]] = [
    (
        html.A("TradingView Lightweight Charts™", href="https://www.tradingview.com/"),
        "Apache-2.0",
        "© TradingView, Inc.",
    ),
    ("AG Grid Community", "MIT", "© AG Grid Ltd."),
    ("Dash, Plotly and dash-ag-grid", "MIT", "© Plotly, Inc."),
    ("Bootstrap", "MIT", "© The Bootstrap Authors"),
    ("dash-bootstrap-components", "Apache-2.0", "© Faculty Science Ltd."),
    ("dash-tvlwc", "MIT", "© Wu Kwan Yu"),
    ("React", "MIT", "© Meta Platforms, Inc. and affiliates"),
    ("Flask", "BSD-3-Clause", "© Pallets"),
    ("Flask-Security-Too", "MIT", "© Matt Wright, Chris Wagner"),
    ("ib_insync", "BSD-2-Clause", "© Ewald de Wit"),
    ("TA-Lib", "BSD-2-Clause", "© TA-Lib contributors"),
    ("tomlkit", "MIT", "© Sébastien Eustace"),
    ("PostgreSQL", "PostgreSQL License", "© The PostgreSQL Global Development Group"),
]


def about(version: str) -> html.Div:
    return html.Div(
        [
            html.H1("About"),
            html.P(
                "MoneyTrailz shows an Interactive Brokers account live and over the years: what it is worth, what it holds, what was traded. "
                "It pauses, resumes and stops the bots that trade it; a stop cancels a strategy's working orders. It sends no order and closes no position."
            ),
            html.P([f"Version {version}. Licence: Apache-2.0. The API is described at ", html.A("/docs", href="/docs/"), "."]),
            html.H2("Where the numbers come from"),
            html.P(
                "Every number has an age and a source: press “why” on a card. Unknown is shown as “—”, never as zero. When "
                "data stops, the last numbers stay, marked with how old they are."
            ),
            html.H2("Made with"),
            html.Div(
                html.Table(
                    [
                        html.Thead(html.Tr([html.Th(name, scope="col") for name in ("Part", "Licence", "Notice")])),
                        html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in PARTS]),
                    ],
                    className="plain",
                ),
                className="scrolls panel",
                tabIndex=0,
                role="region",
                **{"aria-label": "Parts and their licences"},
            ),
        ],
        id=ids.PAGE_ABOUT,
        className="prose",
        hidden=True,
    )  # fmt: skip
