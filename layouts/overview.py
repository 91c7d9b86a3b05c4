"""Overview: what is due today, the ten cards, the equity over time, the positions, the latest trades."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.components.chart import chart_body, style_buttons, table_tools, tool
from layouts.components.metric_card import TITLES, metric_card
from layouts.components.panel import empty, panel
from layouts.components.positions_grid import positions_grid
from layouts.components.today import today
from layouts.components.trades_grid import trades_grid
from layouts.state import PageState


def overview(state: PageState) -> html.Div:
    return html.Div(
        [
            html.H1("Overview", className="visually-hidden"),
            empty(
                ids.WAITING,
                "Waiting for the gateway…",
                "The account appears here as soon as the gateway has said which one it is and sent its values. "
                "`mtz doctor` says what is missing.",
                shown=state.account is None,
            ),
            html.Div(
                [
                    today(),
                    _cards(state),
                    _strategies(),
                    html.Div([_equity(state.benchmark), _trades(state), _positions(state)], className="board"),
                ],
                id=ids.CONTENT,
                hidden=state.account is None,
            ),
        ],
        id=ids.PAGE_OVERVIEW,
    )


def _cards(state: PageState) -> html.Section:
    views = {view["key"]: view for view in state.summary["items"]} if state.summary else {}
    currency = state.summary["currency"] if state.summary else None
    return html.Section(
        [metric_card(key, views.get(key), currency) for key in TITLES],
        className="metrics",
        **{"aria-label": "Key figures"},
    )


def _strategies() -> html.Section:
    """A small card each, in one row that scrolls: filled by assets/strategies/."""
    return html.Section(
        html.Div(id=ids.MINIS, className="minis", tabIndex=0, role="group", **{"aria-label": "Strategies"}),
        id=ids.MINIS_PANEL,
        className="minis-panel",
        hidden=True,
    )


def _equity(benchmark_symbol: str) -> html.Section:
    key = ids.Chart.EQUITY
    benchmark = tool(
        key,
        "benchmark",
        benchmark_symbol,
        pressed=False,
        **{"aria-disabled": "true", "aria-describedby": ids.BENCHMARK_WHY},
    )
    return panel(
        "Equity",
        "equity",
        note=html.Span(id=ids.chart("note", key)),
        tools=table_tools(key, "equity"),
        children=[
            *chart_body(
                key, "net liquidation and P&L", "Nothing is stored yet",
                "The curve begins with the first value that the broker sends.",
                [style_buttons(key), benchmark],
            ),
            html.Span(id=ids.BENCHMARK_WHY, className="visually-hidden"),
        ],
    )  # fmt: skip


def _trades(state: PageState) -> html.Section:
    rows = state.trades["items"] if state.trades else []
    return panel(
        "Latest trades",
        "trades",
        note=html.Span(id=ids.TRADES_NOTE),
        tools=_csv(ids.TRADES_CSV, "trades", state.account),
        children=[
            trades_grid(),
            empty(
                ids.TRADES_EMPTY, "No trades yet",
                "Fills of this account appear here the moment the broker reports them. Those of your bots are seen when "
                "this program's API client id is the Master Client ID of TWS.",
                shown=not rows,
            ),
        ],
    )  # fmt: skip


def _positions(state: PageState) -> html.Section:
    rows = state.positions["items"] if state.positions else []
    return panel(
        "Positions",
        "positions",
        note=html.Span(_count(len(rows)), id=ids.POSITIONS_NOTE),
        tools=_csv(ids.POSITIONS_CSV, "positions", state.account),
        children=[
            positions_grid(len(rows)),
            empty(
                ids.POSITIONS_EMPTY, "Nothing is held",
                "Stocks and options stand here, options under their stock, as soon as the account holds some.",
                shown=not rows,
            ),
        ],
    )  # fmt: skip


def _count(rows: int) -> str:
    return f"{rows} contract" + ("" if rows == 1 else "s") if rows else ""


def _csv(component_id: str, name: str, account: str | None) -> Any:
    return html.A("CSV", id=component_id, className="tool", href=csv_path(name, account), title=f"Download the {name}")


def csv_path(name: str, account: str | None) -> str:
    """Where the download is; the account is one that we know, never free text."""
    return f"/api/exports/{name}.csv" + (f"?account={account}" if account else "")
