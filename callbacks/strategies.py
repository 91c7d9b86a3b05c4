"""Strategies: what the pages ask the server, and the commands that they give."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Input, Output
from sqlalchemy.exc import DBAPIError

from data import control
from data.assigning import AmbiguousOrderError, Assignments, UnknownOrderError
from data.audit import Caller
from data.commands import (
    Commands,
    ImpossibleCommandError,
    KeyReusedError,
    OverruledError,
    Request,
    UnknownStrategyError,
)
from data.db import DatabaseError
from data.previews import ImpossiblePreviewError, Previews, UnknownPreviewError
from data.reads import DatabaseAway, Reads, UnknownAccount
from data.strategies.desired import Action, Scope
from data.strategy_ledger import BadComparison
from layouts import ids

if TYPE_CHECKING:
    import dash

log = logging.getLogger(__name__)

FAILED = "The server could not do this; its log says why."
LEDGER_PAGE = 100
REFUSALS = (
    UnknownStrategyError, ImpossibleCommandError, KeyReusedError, UnknownPreviewError, ImpossiblePreviewError,
    UnknownOrderError, AmbiguousOrderError, BadComparison, DatabaseError, DatabaseAway, UnknownAccount,
)  # fmt: skip

Asked = dict[str, Any]
Answer = dict[str, Any]


def give(commands: Commands, who: Callable[[], Caller], asked: Asked) -> Any:
    """Give the command that a button asks for: `strategy`, `action`, `scope`, `symbol`, `reason` and the click's own `key`."""
    request = Request(
        str(asked["strategy"]), Action(asked["action"]), Scope(asked["scope"]), asked["symbol"], asked["reason"]
    )
    return control.answer(commands, commands.submit(who(), request, asked["key"]))


def shorts(commands: Commands, asked: Asked) -> Any:
    """The open short options of a strategy, which a stop leaves."""
    return {"shorts": commands.shorts(str(asked["strategy"]))}


def compare(reads: Reads, asked: Asked) -> Any:
    """`strategies` side by side since the day `since`; None: as long as all of them are known."""
    since = date.fromisoformat(asked["since"]) if asked["since"] else None
    return reads.compare(list(asked["strategies"]), since, None, asked["account"])


def ledger(reads: Reads, asked: Asked) -> Any:
    """A page of the decision ledger: the newest, or what is older than `before`."""
    return reads.decisions(
        asked["account"], asked["strategy"], asked["symbol"], asked["kind"], LEDGER_PAGE, asked["before"]
    )


def assign(assignments: Assignments, who: Callable[[], Caller], asked: Asked) -> Any:
    """Give the order `perm_id` to `strategy` by hand; None: to nobody."""
    return assignments.assign(who(), int(asked["perm_id"]), asked["strategy"], asked["account"])


def preview(previews: Previews, who: Callable[[], Caller], asked: Asked) -> Any:
    """Ask for the dry run of `bot`."""
    return previews.ask(who(), str(asked["bot"]))


def previewed(previews: Previews, asked: Asked) -> Any:
    """How far the dry run `id` is."""
    return previews.get(str(asked["id"]))


def answered(question: Callable[[Asked], Any], asked: Asked | None) -> Answer | None:
    """What `question` says to `asked`, or one sentence why not; `n` tells the browser which of its questions it answers."""
    if asked is None:
        return None
    answer: Answer = {"n": asked.get("n"), "data": None, "problem": None, "command": None}
    try:
        answer["data"] = question(asked)
    except REFUSALS as error:
        answer["problem"] = str(error)
        answer["command"] = error.command if isinstance(error, OverruledError) else None
    except (KeyError, TypeError, ValueError, DBAPIError):  # whoever may not is refused by the server: that goes on
        log.exception("a question of the page could not be answered")
        answer["problem"] = FAILED
    return answer


def register(
    app: dash.Dash,
    reads: Reads,
    commands: Commands,
    assignments: Assignments,
    previews: Previews,
    who: Callable[[], Caller],
) -> None:
    questions: dict[ids.Question, Callable[[Asked], Any]] = {
        ids.Question.COMMAND: partial(give, commands, who),
        ids.Question.KILL: partial(give, commands, who),
        ids.Question.SHORTS: partial(shorts, commands),
        ids.Question.COMPARE: partial(compare, reads),
        ids.Question.LEDGER: partial(ledger, reads),
        ids.Question.ASSIGN: partial(assign, assignments, who),
        ids.Question.PREVIEW: partial(preview, previews, who),
        ids.Question.PREVIEWED: partial(previewed, previews),
    }
    for name, question in questions.items():
        app.callback(Output(name.answer, "data"), Input(name.ask, "data"), prevent_initial_call=True)(
            partial(answered, question)
        )
        app.clientside_callback(
            ClientsideFunction("mtz", "answeredQuestion"), Input(name.answer, "data"), prevent_initial_call=True
        )
