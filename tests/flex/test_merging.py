"""API and statements tell the same life: the rows and the book are the same, whichever came first, in parts and however often."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.book.keeping import Keeper
from data.book.sources import Fill
from data.model import Execution
from tests.book.lives import START, Life, actions, lived
from tests.book.test_keeping import execution
from tests.flex.conftest import Importer, everything
from tests.support.statement import NEW_YORK, Writer
from tests.web import samples

Conn = psycopg.Connection[Any]
TOLD_LIVES = st.lists(
    actions(("trade", "trade", "trade", "roll", "deliver", "deliver", "expire", "combo", "split", "flow")),
    min_size=4, max_size=24,
).map(lived)  # fmt: skip
ACCOUNTS = (f"DU6{number:06d}" for number in count())
FIRST = START.date()


@pytest.fixture
def write(url18: str) -> Any:
    with samples.writer(url18) as found:
        yield found


def by_api(account: str, life: Life, chance: random.Random, *, combos: bool = True) -> list[Execution]:
    """What the API may have reported of it: any part, its bookings under ids of their own."""
    told = [fill for fill in life.fills if fill.quantity and (combos or fill.kind != "combo")]
    return [_reported(account, fill) for fill in chance.sample(told, chance.randint(0, len(told)))]


def _reported(account: str, fill: Fill) -> Execution:
    made = execution(account, replace(fill, strategy=None))
    is_booked = fill.kind in ("assignment", "exercise", "expiry")
    return replace(
        made,
        order_id=None if is_booked else 7,
        client_id=None if is_booked else 3,
        perm_id=None if is_booked else made.perm_id,
    )


@settings(
    max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(life=TOLD_LIVES, seed=st.integers(0, 2**32))
def test_any_order_of_files_and_api_rows(write: Any, importer: Importer, agent: Conn, life: Life, seed: int) -> None:
    chance = random.Random(seed)
    last = max(life.now.astimezone(NEW_YORK).date(), FIRST + timedelta(days=2))
    cut = FIRST + timedelta(days=chance.randint(0, (last - FIRST).days - 1))
    told = []
    for order in range(2):
        account = next(ACCOUNTS)
        rng = random.Random(seed)
        writer = Writer(account, life.fills, life.changes, life.flows, method=rng.choice(["FIFO", "LIFO"]))
        files: list[Any] = [
            writer.statement(FIRST, last),
            writer.statement(FIRST, cut),
            writer.statement(cut + timedelta(days=1), last),
        ]
        rows = by_api(account, life, rng)
        parts: list[Any] = [rows[n : n + 3] for n in range(0, len(rows), 3)]
        steps = [*files, *parts]
        if order:
            steps += chance.sample(steps, len(steps) // 2)
            chance.shuffle(steps)
        importer.conn.execute(
            "INSERT INTO accounts (account, source, base_currency) VALUES (%s, 'paper', 'USD')", [account]
        )
        keeper = Keeper(agent)
        for step in steps:
            if isinstance(step, list):
                write.flush(account, executions=tuple(step))
            else:
                importer.take(step)
            if chance.random() < 0.3:
                keeper.look()
        keeper.look()
        told.append(everything(importer.conn, account))
        before = told[-1]
        fresh = Keeper(agent)
        fresh.look()
        assert everything(importer.conn, account) == before
        held = dict(importer.rows(
            "SELECT con_id, sum(CASE side WHEN 'BOT' THEN quantity ELSE -quantity END) FROM executions"
            " WHERE account = %s AND effective AND kind <> 'combo' GROUP BY 1", account))  # fmt: skip
        if not life.changes:
            assert {c: q for c, q in held.items() if q} == {c: q for c, q in life.held.items() if q}
        told[-1] = _anonymous(told[-1], account)
    assert told[0] == told[1]


def _anonymous(found: dict[str, list[Any]], account: str) -> dict[str, list[Any]]:
    return {table: [[(k, v) for k, v in row if k != "account"] for row in rows] for table, rows in found.items()}


def test_the_same_file_twice_changes_nothing(importer: Importer, agent: Conn) -> None:
    life = Life()
    life.fill(1, Decimal(100), Decimal(60), "trade", Decimal(1), order="o1")
    life.flow("deposit", Decimal(5000), "USD")
    draft = Writer("DU6999999", life.fills, life.changes, life.flows).statement(FIRST, date(2026, 1, 9))
    (first,) = importer.take(draft)
    Keeper(agent).look()
    before = (
        everything(importer.conn, draft.account),
        importer.rows("SELECT topic, revision FROM revisions ORDER BY topic"),
    )
    draft.generated += timedelta(days=3)
    (again,) = importer.take(draft)
    assert (first["state"], again["state"], first["open_breaks"]) == ("imported", "known", 0)
    assert before == (
        everything(importer.conn, draft.account),
        importer.rows("SELECT topic, revision FROM revisions ORDER BY topic"),
    )
