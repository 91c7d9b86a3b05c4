"""Every page: the layout with its first numbers, header, account, theme, routes."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import flask
from dash import ClientsideFunction, Input, State

from callbacks.live import poll
from data.freshness import RESTING_LIMIT, TICKING_LIMIT
from data.reads import Reads
from layouts import ids
from layouts.shell import page
from layouts.state import PageState, Reader
from layouts.still import still

if TYPE_CHECKING:
    from collections.abc import Callable

    import dash

COOKIE = "mtz-account"
LIMITS = {"ticking": TICKING_LIMIT.total_seconds(), "resting": RESTING_LIMIT.total_seconds()}


def first_state(
    reads: Reads, wanted: str | None, benchmark: str = "SPY", refusal: str | None = None, reader: Reader | None = None
) -> PageState:
    """What the page begins with; `wanted` is the account chosen on an earlier visit, `benchmark` a symbol."""
    answer = poll(reads, wanted, None)
    found = {message["type"]: message["data"] for message in answer["messages"]}
    return PageState(
        accounts=answer["accounts"],
        account=answer["account"],
        source=answer["source"],
        health=found.get("status.update"),
        portfolio=found.get("portfolio.update"),
        summary=found.get("summary.update"),
        positions=found.get("positions.update"),
        trades=found.get("trade.executed"),
        problem=answer["problem"],
        messages=answer["messages"],
        benchmark=benchmark,
        refusal=refusal,
        reader=reader,
    )


def register(
    app: dash.Dash,
    reads: Reads,
    benchmark: str,
    refusal: Callable[[], str | None],
    reader: Callable[[], Reader | None],
) -> None:
    release = version("moneytrailz-dashboard")

    def layout() -> Any:
        if not flask.has_request_context():  # Dash asks once while it is put together: nothing is read for that
            return page(PageState(benchmark=benchmark), release, LIMITS)
        wanted = flask.request.cookies.get(COOKIE)
        return still(page(first_state(reads, wanted, benchmark, refusal(), reader()), release, LIMITS))

    app.layout = layout
    # Else every page would carry that first layout a second time; a test checks that every id of a callback exists.
    app.config.suppress_callback_exceptions = True
    browser = app.clientside_callback
    browser(ClientsideFunction("mtz", "route"), Input(ids.LOCATION, "pathname"), State(ids.CONFIG, "data"))
    browser(ClientsideFunction("mtz", "pick"), Input(ids.PICKER, "value"), prevent_initial_call=True)
