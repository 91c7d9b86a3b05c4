"""The questions of the Strategies page: the answer, or one sentence why not; what was asked for is what is given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from callbacks import strategies
from callbacks.strategies import answered
from data.assigning import Assignments
from data.audit import Caller
from data.commands import Commands
from data.db import make_engine
from data.model import Role
from data.previews import Previews
from data.reads import Reads
from tests.e2e.bots import Bots, bots
from tests.web import samples

WHEEL, HEDGE = "bot/wheel", "bot/hedge"
ANN = Caller("ann", "user", "10.0.0.7")


@pytest.fixture
def engine(url18: str) -> Iterator[Engine]:
    found = make_engine(url18, Role.WEB, "test")
    yield found
    found.dispose()


@pytest.fixture
def hand(url18: str) -> Iterator[Bots]:
    with samples.writer(url18) as write, bots(url18) as found:
        write.account()
        write.flush(executions=(samples.execution(1),))
        found.strategy(WHEEL, ("KO", "SPY"))
        found.strategy(HEDGE, opening=False)
        yield found


def who() -> Caller:
    return ANN


def asked(**members: Any) -> dict[str, Any]:
    base = {
        "n": 7,
        "strategy": WHEEL,
        "action": "pause",
        "scope": "all",
        "symbol": None,
        "reason": None,
        "key": "click",
    }
    return base | members


def test_a_click_is_one_command_of_who_clicked(engine: Engine, hand: Bots) -> None:
    give = partial(strategies.give, Commands(engine), who)
    answer = answered(give, asked(reason="earnings"))
    assert answer is not None
    assert (answer["n"], answer["problem"]) == (7, None)
    command = answer["data"]["command"]
    assert (command["actor"], command["origin"], command["reason"], command["state"]) == (
        "ann",
        "10.0.0.7",
        "earnings",
        "requested",
    )
    assert "nothing is closed" in answer["data"]["positions"]
    again = answered(give, asked(reason="earnings"))
    assert again is not None
    assert not again["data"]["is_new"]
    assert again["data"]["command"]["id"] == command["id"]
    assert hand.sql("SELECT count(*) FROM commands") == [(1,)]


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"strategy": "bot/nothing"}, "There is no such strategy"),
        ({"strategy": HEDGE, "scope": "opening"}, "can't tell openings"),
        ({"symbol": "TSLA"}, "doesn't trade this symbol"),
        ({"symbol": "KO", "action": "stop"}, "stop stops the whole strategy"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    engine: Engine, hand: Bots, members: dict[str, Any], sentence: str
) -> None:
    answer = answered(partial(strategies.give, Commands(engine), who), asked(**members))
    assert answer is not None
    assert sentence in answer["problem"]
    assert answer["data"] is None
    assert hand.sql("SELECT count(*) FROM commands") == [(0,)]


def test_the_overruled_is_given_the_command_that_counts(engine: Engine, hand: Bots) -> None:
    give = partial(strategies.give, Commands(engine), who)
    stop = answered(give, asked(action="stop", key="1"))
    answer = answered(give, asked(action="resume", key="2"))
    assert stop is not None
    assert answer is not None
    assert "is safer" in answer["problem"]
    assert answer["command"]["id"] == stop["data"]["command"]["id"]


def test_who_may_not_is_not_answered_here_but_refused_by_the_server(engine: Engine, hand: Bots) -> None:
    class ForbiddenError(Exception):
        pass

    def nobody() -> Caller:
        raise ForbiddenError

    with pytest.raises(ForbiddenError):
        answered(partial(strategies.give, Commands(engine), nobody), asked())
    assert hand.sql("SELECT count(*) FROM commands") == [(0,)]


def test_a_database_that_is_away_is_one_sentence() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    engine = make_engine(url, Role.WEB, "test")
    answer = answered(partial(strategies.give, Commands(engine, url), who), asked())
    engine.dispose()
    assert answer is not None
    assert answer["problem"].endswith("The command was not given.")


def test_the_shorts_that_a_stop_leaves(engine: Engine, hand: Bots) -> None:
    hand.sql("UPDATE executions SET strategy = %s", [WHEEL])
    answer = answered(partial(strategies.shorts, Commands(engine)), {"n": 1, "strategy": WHEEL})
    assert answer is not None
    assert [(short["symbol"], short["strike"], short["quantity"]) for short in answer["data"]["shorts"]] == [
        ("SPY", 500.0, -1.0)
    ]


def test_a_page_of_the_ledger_begins_where_the_one_before_ended(engine: Engine, hand: Bots) -> None:
    reads = Reads(engine)
    for number in range(strategies.LEDGER_PAGE + 1):
        hand.decision(WHEEL, str(number), symbol="KO", reason=f"reason {number}")
    question = {"n": 1, "account": None, "strategy": WHEEL, "kind": None, "symbol": None, "before": None}
    first = answered(partial(strategies.ledger, reads), question)
    assert first is not None
    rest = answered(partial(strategies.ledger, reads), question | {"before": first["data"]["next_before"]})
    assert rest is not None
    assert (len(first["data"]["items"]), len(rest["data"]["items"])) == (strategies.LEDGER_PAGE, 1)
    assert rest["data"]["next_before"] is None


def test_a_comparison_of_one_is_refused_in_a_sentence(engine: Engine, hand: Bots) -> None:
    answer = answered(
        partial(strategies.compare, Reads(engine)), {"n": 1, "account": None, "strategies": [WHEEL], "since": None}
    )
    assert answer is not None
    assert answer["problem"]


def test_an_order_is_given_away_by_hand(engine: Engine, hand: Bots) -> None:
    assign = partial(strategies.assign, Assignments(engine), who)
    answer = answered(assign, {"n": 1, "account": None, "perm_id": 4711, "strategy": HEDGE})
    assert answer is not None
    assert (answer["data"]["strategy"], answer["data"]["is_new"]) == (HEDGE, True)
    missing = answered(assign, {"n": 1, "account": None, "perm_id": 1, "strategy": HEDGE})
    assert missing is not None
    assert "no order" in missing["problem"]


def test_a_dry_run_is_asked_for_once_and_can_be_looked_at(engine: Engine, hand: Bots) -> None:
    previews = Previews(engine)
    refused = answered(partial(strategies.preview, previews, who), {"n": 1, "bot": "bot"})
    assert refused is not None
    assert "run it once by `mtz bot`" in refused["problem"]
    hand.sql("""UPDATE bots SET command = '["thetagang"]'""")
    first = answered(partial(strategies.preview, previews, who), {"n": 2, "bot": "bot"})
    again = answered(partial(strategies.preview, previews, who), {"n": 3, "bot": "bot"})
    assert first is not None
    assert again is not None
    assert (first["data"]["state"], first["data"]["id"]) == ("requested", again["data"]["id"])
    hand.sql(
        "INSERT INTO preview_results (preview_id, started_at, ended_at, problem) VALUES (%s, now(), now(), 'It could not connect.')",
        [first["data"]["id"]],
    )
    seen = answered(partial(strategies.previewed, previews), {"n": 4, "id": first["data"]["id"]})
    assert seen is not None
    assert (seen["data"]["state"], seen["data"]["problem"]) == ("failed", "It could not connect.")
    unknown = answered(partial(strategies.previewed, previews), {"n": 5, "id": "nothing"})
    assert unknown is not None
    assert unknown["problem"] == "There is no such dry run."


def test_a_question_that_is_not_understood_goes_to_the_log_and_a_sentence_to_the_page(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(partial(strategies.give, Commands(engine), who), asked(action="explode"))
    assert answer is not None
    assert answer["problem"] == strategies.FAILED
    assert "explode" in caplog.text


def test_nothing_asked_is_nothing_answered(engine: Engine) -> None:
    assert answered(partial(strategies.shorts, Commands(engine)), None) is None
