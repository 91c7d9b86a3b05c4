"""The read model's answers in the shape of `/ws`: what polls and pushes bring is told apart by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data.model import Topic
from data.reads import Reads

TRADES_SHOWN = 50

Message = dict[str, Any]


def messages(reads: Reads, account: str, known: dict[str, Any] | None = None) -> Iterator[Message]:
    """Everything of `account` that is newer than what the page says it has: `{"positions": revision, "trades": revision}`.

    Raises:
        data.reads.UnknownAccount, data.reads.DatabaseAway
    """
    known = known or {}
    row, state, seen = reads.portfolio_row(account)
    portfolio = reads.portfolio_view(row, state, seen)
    yield _message("portfolio.update", account, row.revision, portfolio["as_of"], portfolio)
    status = reads.health(account)
    yield _message("status.update", account, state.revisions.get(Topic.STATUS.value, 0), status["as_of"], status)
    positions = reads.positions(account, known.get("positions"))
    if positions["full"] or positions["items"] or positions["removed"]:
        yield _message("positions.update", account, positions["revision"], positions["as_of"], positions)
    trades = reads.trades(account, TRADES_SHOWN)
    if trades["revision"] != known.get("trades"):
        yield _message("trade.executed", account, trades["revision"], None, trades)
    summary = reads.summary(account)
    yield strategies(reads, account)
    if notes := state.revisions.get(Topic.NOTES.value):
        yield _message("notes.update", account, notes, None, None)
    yield _message("summary.update", account, row.revision, summary["as_of"], summary)


def strategies(reads: Reads, account: str | None) -> Message:
    """The strategies: they are there, and can be stopped, also while no account is known."""
    board = reads.board()
    revision = board.accounts[account].revisions.get(Topic.STRATEGIES.value, 0) if board and account else 0
    return _message("strategy.update", account, revision, None, reads.strategies(account))


def _message(kind: str, account: str | None, revision: int, as_of: str | None, data: Any) -> Message:
    return {"type": kind, "account": account, "revision": revision, "as_of": as_of, "data": data}
