"""What stands on every page: header, navigation, the stores that the numbers travel through."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from layouts import ids
from layouts.about import about
from layouts.components.account_picker import account_picker
from layouts.components.age import age
from layouts.components.badge import badge
from layouts.components.command_dialog import command_dialog
from layouts.components.connection import connection
from layouts.components.kill_switch import kill_banner, kill_switch
from layouts.components.ledger import decision_dialog
from layouts.components.market import market
from layouts.components.metric_card import SIGNED
from layouts.components.position_drawer import position_drawer
from layouts.components.preview import preview_dialog
from layouts.components.strategy_card import card_templates
from layouts.components.user_menu import open_banner, user_menu
from layouts.overview import overview
from layouts.positions import positions
from layouts.reports import reports
from layouts.state import PageState
from layouts.strategies import questions, strategies
from layouts.trades import rows_dialog, trade_dialog, trades

# In the order of the navigation, five at most: on a narrow screen they are the bar at the bottom. assets/pages/router.js shows
# the one whose section's id is `page-` and its name in small letters. What else there is stands at the foot of every page.
PAGES = (
    ("Overview", "/"), ("Strategies", "/strategies"), ("Positions", "/positions"), ("Trades", "/trades"), ("Reports", "/reports"),
)  # fmt: skip
MORE_PAGES = (("About", "/about"),)

FAST_MS = 2000  # while no socket is there


def page(state: PageState, version: str, limits: dict[str, float]) -> html.Div:
    """The whole application. `limits` are seconds: from when on data counts as stale."""
    return html.Div(
        [
            html.A("Skip to content", href=f"#{ids.MAIN}", className="skip"),
            open_banner(state.reader),
            _header(state),
            kill_banner(),
            html.P(
                state.problem or "", id=ids.PROBLEM, className="problem", role="status", hidden=state.problem is None
            ),
            html.Main(
                [
                    overview(state),
                    strategies(),
                    positions(state),
                    trades(),
                    reports(),
                    about(version),
                    html.Div(
                        [html.H1("There is no such page"), dcc.Link("Go to the Overview", href="/")],
                        id=ids.PAGE_MISSING,
                        className="prose",
                        hidden=True,
                    ),
                ],
                id=ids.MAIN,
                tabIndex=-1,
            ),
            _foot(),
            position_drawer(),
            command_dialog(),
            decision_dialog(),
            preview_dialog(),
            trade_dialog(),
            rows_dialog(),
            html.Div(id=ids.WHY, className="why-popover", role="dialog", **{"aria-label": "Where it comes from"}),
            html.Section(
                id=ids.TOAST, className="toast-box", hidden=True, role="status", **{"aria-label": "What was done last"}
            ),
            *card_templates(),
            html.P("", id=ids.ANNOUNCE, className="visually-hidden", role="status"),
            *_plumbing(state, limits),
        ],
        className="app",
    )


def _header(state: PageState) -> html.Header:
    return html.Header(
        [
            dcc.Link(
                [html.Span(className="mark", **{"aria-hidden": "true"}), html.Span("MoneyTrailz", className="name")],
                href="/",
                className="brand",
            ),
            badge(state.source),
            html.Nav(
                [_tab(name, path) for name, path in PAGES],
                className="tabs",
                **{"aria-label": "Pages"},
            ),
            html.Div(className="gap"),
            kill_switch(),
            account_picker(state.accounts, state.account),
            market(state.health),
            html.Div(
                [
                    connection(state.health),
                    age(ids.DATUM_AGE, state.health["as_of"] if state.health else None),
                ],
                className="trust",
            ),
            html.Button(
                [html.Span(className="theme-icon", **{"aria-hidden": "true"})],
                id=ids.THEME,
                className="theme",
                type="button",
                title="Dark or light",
                **{"aria-label": "Switch between dark and light"},
            ),
            user_menu(state.reader),
        ],
        className="top",
    )


def _foot() -> html.Div:
    return html.Div([_tab(name, path) for name, path in MORE_PAGES], className="page-foot")


def _tab(name: str, path: str) -> dcc.Link:
    return dcc.Link(name, href=path, id=f"nav-{name.lower()}", className="page-tab")


def _plumbing(state: PageState, limits: dict[str, float]) -> list[Any]:
    return [
        dcc.Location(id=ids.LOCATION, refresh=False),
        dcc.Store(id=ids.CONFIG, data={"limits": limits, "signed": sorted(SIGNED), "interval_ms": FAST_MS, "refusal": state.refusal}),
        dcc.Store(id=ids.ACCOUNT, data=state.account),
        dcc.Store(id=ids.POLLED, data={"account": state.account, "accounts": state.accounts, "source": state.source,
                                       "problem": state.problem, "messages": state.messages}),
        dcc.Store(id=ids.ASK, data=0),
        dcc.Store(id=ids.KNOWN, data={}),
        *questions(),
        dcc.Interval(id=ids.FAST, interval=FAST_MS),
    ]  # fmt: skip
