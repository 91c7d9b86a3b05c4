"""What a page is answered: everything newer than it has, and a sentence when there is nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from callbacks.live import FAILED, choose, poll
from callbacks.shell import first_state
from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
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
        yield found


def kinds(answer: dict[str, object]) -> list[str]:
    return [message["type"] for message in answer["messages"]]  # type: ignore[attr-defined]


def data(answer: dict[str, object], kind: str) -> dict[str, object]:
    found: dict[str, object] = next(m for m in answer["messages"] if m["type"] == kind)["data"]  # type: ignore[attr-defined]
    return found


def test_without_an_account_there_are_the_strategies_alone_and_no_problem(reads: Reads) -> None:
    answer = poll(reads, None, None)
    assert kinds(answer) == ["strategy.update"]
    assert answer["messages"][0]["account"] is None
    del answer["messages"]
    assert answer == {"account": None, "accounts": [], "source": None, "problem": None}


def test_the_first_answer_carries_everything_as_the_read_model_says_it(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(executions=(samples.execution(1),))
    answer = poll(reads, None, None)
    assert answer["account"] == ACCOUNT
    assert answer["source"] == "demo"
    assert kinds(answer) == [
        "portfolio.update",
        "status.update",
        "positions.update",
        "trade.executed",
        "strategy.update",
        "summary.update",
    ]
    assert data(answer, "portfolio.update")["net_liquidation"] == reads.portfolio(ACCOUNT)["net_liquidation"]
    assert data(answer, "positions.update")["items"] == reads.positions(ACCOUNT)["items"]
    assert data(answer, "trade.executed") == reads.trades(ACCOUNT)


def test_the_next_answer_leaves_out_what_the_page_has(reads: Reads, write: Writer) -> None:
    write.account()
    first = poll(reads, None, None)
    known = {
        "positions": data(first, "positions.update")["revision"],
        "trades": data(first, "trade.executed")["revision"],
    }
    assert kinds(poll(reads, ACCOUNT, known)) == [
        "portfolio.update", "status.update", "strategy.update", "summary.update",
    ]  # fmt: skip
    write.flush(positions=(samples.position(samples.stock(), quantity=7.0),), executions=(samples.execution(9),))
    after = poll(reads, ACCOUNT, known)
    assert [row["con_id"] for row in data(after, "positions.update")["items"]][:1] == [1]  # type: ignore[attr-defined]
    assert len(data(after, "trade.executed")["items"]) == 1  # type: ignore[arg-type]


def test_an_account_that_is_gone_is_replaced_by_the_longest_known(reads: Reads, write: Writer) -> None:
    write.account("DU1")
    write.account("DU2")
    assert poll(reads, "DU2", None)["account"] == "DU2"
    assert poll(reads, "DU3", None)["account"] == "DU1"
    assert choose([], "DU1") is None


def test_a_database_that_is_away_is_a_sentence_without_its_password(free_port: object) -> None:
    url = f"postgresql://reader:s3cret@127.0.0.1:{free_port()}/nothing"  # type: ignore[operator]
    engine = make_engine(url, Role.WEB, "test")
    try:
        away = Reads(engine, url)
        answer = poll(away, "DU1", None)
        state = first_state(away, "DU1")
    finally:
        engine.dispose()
    assert answer["messages"] == []
    assert answer["problem"]
    assert "s3cret" not in answer["problem"]
    assert "Traceback" not in answer["problem"]
    assert state.problem == answer["problem"]


def test_what_was_known_is_answered_while_the_database_is_away(url18: str, reads: Reads, write: Writer) -> None:
    write.account()
    before = poll(reads, None, None)
    name = url18.partition("?")[0].rpartition("/")[2]
    admin_url = url18.replace(f"/{name}", "/postgres", 1)
    with connect(admin_url, None, "test", autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')  # type: ignore[arg-type]
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    answer = poll(reads, ACCOUNT, None)
    assert data(answer, "portfolio.update")["net_liquidation"] == data(before, "portfolio.update")["net_liquidation"]
    assert data(answer, "portfolio.update")["freshness"] == "offline"


def test_a_fault_of_ours_goes_to_the_log_and_a_sentence_to_the_page(
    reads: Reads, write: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write.account()

    def broken(_account: str) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(reads, "summary", broken)
    with caplog.at_level(logging.ERROR):
        answer = poll(reads, ACCOUNT, None)
    assert answer["problem"] == FAILED
    assert answer["account"] == ACCOUNT
    assert "the secret of the house" in caplog.text


def test_the_first_state_is_what_the_first_answer_says(reads: Reads, write: Writer) -> None:
    write.account()
    state = first_state(reads, "somebody else's")
    assert state.account == ACCOUNT
    assert state.portfolio is not None
    assert state.portfolio["net_liquidation"] == 104_321.12
    assert state.summary is not None
    assert [message["type"] for message in state.messages][-1] == "summary.update"
