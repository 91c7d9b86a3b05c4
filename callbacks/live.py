"""The numbers by callbacks alone: an interval asks, `Reads` answers, the browser shows what is newer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Input, Output, State

from callbacks.messages import messages, strategies
from data.reads import DatabaseAway, Reads, UnknownAccount
from layouts import ids

if TYPE_CHECKING:
    import dash

log = logging.getLogger(__name__)

FAILED = "The server could not read the numbers; its log says why. It is tried again."


def poll(reads: Reads, account: str | None, known: dict[str, Any] | None) -> dict[str, Any]:
    """Everything newer than `known`, or why there is nothing: a page never goes blank over it."""
    answer: dict[str, Any] = {"account": account, "accounts": [], "source": None, "problem": None, "messages": []}
    try:
        answer["accounts"] = reads.accounts()
        answer["source"] = reads.source()
        answer["account"] = account = choose(answer["accounts"], account)
        answer["messages"] = [strategies(reads, None)] if account is None else list(messages(reads, account, known))
    except (DatabaseAway, UnknownAccount) as error:
        answer["problem"] = str(error)
    except Exception:
        log.exception("reading for the page failed")
        answer["problem"] = FAILED
    return answer


def choose(accounts: list[str], wanted: str | None) -> str | None:
    """The wanted account if it exists, else the longest known, None while there is none."""
    return wanted if wanted in accounts else next(iter(accounts), None)


def register(app: dash.Dash, reads: Reads) -> None:
    """The interval rests while its question is under way: a slow answer is never overtaken by the next question."""

    def ask(_ticks: int, _asked: int, account: str | None, known: dict[str, Any] | None) -> Any:
        return poll(reads, account, known)

    app.callback(
        Output(ids.POLLED, "data"),
        Input(ids.FAST, "n_intervals"),
        Input(ids.ASK, "data"),
        State(ids.ACCOUNT, "data"),
        State(ids.KNOWN, "data"),
        prevent_initial_call=True,
        running=[(Output(ids.FAST, "max_intervals"), 0, -1)],
    )(ask)

    app.clientside_callback(ClientsideFunction("mtz", "answered"), Input(ids.POLLED, "data"), State(ids.CONFIG, "data"))
