"""The callbacks as plain functions over a real read model."""

from __future__ import annotations

from collections.abc import Iterator

import dash
import pytest

from callbacks import register_all
from callbacks.live import FAILED, choose, poll, poll_equity
from callbacks.shell import first_state
from data.db import make_engine
from data.model import Role
from data.reads import Reads
from layouts.shell import page
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer


@pytest.fixture
def reads(url18: str) -> Iterator[Reads]:
    engine = make_engine(url18, Role.WEB, "test")
    yield Reads(engine, url18)
    engine.dispose()


@pytest.fixture
def write(url18: str) -> Iterator[Writer]:
    with samples.writer(url18) as found:
        found.account()
        yield found


def kinds(answer: dict[str, object]) -> list[str]:
    return [message["type"] for message in answer["messages"]]  # type: ignore[attr-defined, index]


def test_the_first_answer_has_everything(reads: Reads, write: Writer) -> None:
    answer = poll(reads, None, None)
    assert answer["account"] == ACCOUNT
    assert answer["source"] == "demo"
    assert kinds(answer) == [
        "portfolio.update",
        "status.update",
        "positions.update",
        "trade.executed",
        "summary.update",
    ]
    worth = reads.portfolio(ACCOUNT)["net_liquidation"]
    assert answer["messages"][0]["data"]["net_liquidation"] == worth == 104_321.12


def test_the_next_answer_has_what_is_newer(reads: Reads, write: Writer) -> None:
    first = poll(reads, ACCOUNT, None)
    revisions = {message["type"]: message["revision"] for message in first["messages"]}
    known = {"positions": revisions["positions.update"], "trades": revisions["trade.executed"]}
    assert kinds(poll(reads, ACCOUNT, known)) == ["portfolio.update", "status.update", "summary.update"]
    write.flush(positions=(samples.position(samples.put(9, "QQQ")),), executions=(samples.execution(1),))
    newer = poll(reads, ACCOUNT, known)
    assert kinds(newer) == ["portfolio.update", "status.update", "positions.update", "trade.executed", "summary.update"]
    # Without a listener the read model remembers nothing: then the whole list comes, which is right too.
    assert 9 in [row["con_id"] for row in newer["messages"][2]["data"]["items"]]


def test_without_an_account_it_waits(reads: Reads) -> None:
    answer = poll(reads, None, None)
    assert answer == {"account": None, "accounts": [], "source": None, "problem": None, "messages": []}
    assert poll_equity(reads, None) is None


def test_an_unreachable_database_is_a_sentence(unused_tcp_port: int) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{unused_tcp_port}/nothing"
    engine = make_engine(url, Role.WEB, "test")
    answer = poll(Reads(engine, url), None, None)
    engine.dispose()
    assert "can't be reached" in answer["problem"]
    assert "secret" not in answer["problem"]
    assert answer["messages"] == []


@pytest.fixture
def unused_tcp_port(free_port) -> int:  # type: ignore[no-untyped-def]
    port: int = free_port()
    return port


def test_a_failure_is_said_without_its_trace(reads: Reads, write: Writer, caplog: pytest.LogCaptureFixture) -> None:
    """A table that is gone altogether: something that nobody foresaw."""
    write.store._conn.execute("SET ROLE NONE")
    write.store._conn.execute("ALTER TABLE market_sessions RENAME COLUMN closes TO was_closes")
    answer = poll(reads, ACCOUNT, None)
    assert answer["problem"] == FAILED
    assert "Traceback" not in str(answer)
    assert "reading for the page failed" in caplog.text
    assert poll_equity(reads, ACCOUNT) is None


def test_choose() -> None:
    assert choose(["A", "B"], "B") == "B"
    assert choose(["A", "B"], "gone") == "A"
    assert choose([], "A") is None


def test_the_first_state_carries_the_views(reads: Reads, write: Writer) -> None:
    state = first_state(reads, "not an account")
    assert state.account == ACCOUNT
    assert state.summary is not None
    assert [message["type"] for message in state.messages][-1] == "equity.update"


def test_every_id_of_a_callback_is_on_the_page(reads: Reads) -> None:
    """Dash is told not to check them itself: it would ship the first layout with every page."""
    app = dash.Dash(__name__)
    register_all(app, reads)
    root = page(first_state(reads, None), "1", {"ticking": 1, "resting": 1})
    there = {c.id for c in root._traverse() if getattr(c, "id", None)}
    app._setup_server()
    named = set()
    for callback in app._callback_list:
        for part in [*callback["inputs"], *callback["state"]]:
            named.add(part["id"])
        if callback["output"]:
            named |= {
                output.rpartition(".")[0] for output in callback["output"].strip(".").split("...") if "." in output
            }
    assert named
    assert {name for name in named if "@" not in name and name} <= there
