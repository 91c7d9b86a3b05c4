"""Strategies: a card each with its commands, the comparison, the decision ledger."""

from __future__ import annotations

from dash import dcc, html

from layouts import ids
from layouts.components.comparison import comparison
from layouts.components.ledger import ledger


def strategies() -> html.Div:
    return html.Div(
        [
            html.Div(
                [html.H1("Strategies"), html.P(id=ids.STRATEGIES_NOTE, className="quiet")],
                className="page-head",
            ),
            html.P(id=ids.AGENT_NOTE, className="notice", role="status", hidden=True),
            _empty(),
            html.Div(id=ids.STRATEGY_CARDS, className="strategies", role="list", **{"aria-label": "Strategies"}),
            html.Div(
                _sum(),
                id=ids.SUM,
                className="panel scrolls",
                tabIndex=0,
                role="region",
                hidden=True,
                **{"aria-label": "How the strategies add up to the account"},
            ),
            html.Div([comparison(), ledger()], id=ids.REST, className="strategies-rest", hidden=True),
        ],
        id=ids.PAGE_STRATEGIES,
        hidden=True,
    )


def _empty() -> html.Div:
    return html.Div(
        [
            html.P("No strategy is known yet", className="empty-title"),
            html.P("A strategy appears here as soon as its bot has been started under control, once."),
            html.Dl(
                [
                    html.Dt("A bot that cron starts (ThetaGang, MoneyTrailz)"),
                    html.Dd([html.Code("mtz bot -- thetagang --config thetagang.toml"), " in the place of ", html.Code("thetagang --config thetagang.toml"), "."]),
                    html.Dt("A program that runs all day"),
                    html.Dd("Put the one-file client beside it: it reports its strategies and asks what it may do."),
                ],
                className="teach",
            ),
        ],
        id=ids.STRATEGIES_EMPTY,
        className="empty",
        hidden=True,
    )  # fmt: skip


SUM_ROWS = {
    "strategies": "All strategies",
    "unattributed": "Orders of no strategy",
    "income": "Dividends, interest, taxes and fees of the account",
    "residual": "Residual: what the fills that are known don't explain",
    "account": "The account",
}


def _sum() -> html.Table:
    """Strategies and what belongs to none, up to the account's own P&L; what is left over is shown, not hidden."""
    head = [
        html.Th("Adds up to", scope="col"),
        *(html.Th(name, scope="col", className="num") for name in ("Day P&L", "Total P&L")),
    ]
    body = [
        html.Tr(
            [
                html.Th(name, scope="row"),
                *(html.Td(className="num", **{"data-part": f"{key}_{span}"}) for span in ("day", "total")),
            ]
        )
        for key, name in SUM_ROWS.items()
    ]
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="plain sums")


def questions() -> list[dcc.Store]:
    """A store for each question to the server and one for its answer."""
    return [dcc.Store(id=store) for question in ids.Question for store in (question.ask, question.answer)]
