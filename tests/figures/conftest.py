"""An account with bots, as poller, agent and web see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from tests.web import samples
from tests.web.samples import Writer

Conn = psycopg.Connection[Any]


@pytest.fixture
def write(url18: str) -> Iterator[Writer]:
    with samples.writer(url18) as found:
        found.account()
        yield found


@pytest.fixture
def agent(url18: str, write: Writer) -> Iterator[Conn]:
    """The agent's connection, with two bots and their strategies."""
    del write  # the account first
    with connect(url18, Role.AGENT, "test", autocommit=True) as conn:
        conn.execute(
            "INSERT INTO bots (bot, adapter, family, client_id) VALUES ('tg', 'wrapper', 'thetagang2', 1),"
            " ('demo', 'in_process', NULL, 12)"
        )
        conn.execute(
            "INSERT INTO strategies (name, bot, symbols) VALUES ('tg/wheel', 'tg', '{SPY}'), ('tg/tail_hedge', 'tg', '{SPY}'),"
            " ('demo/put-write', 'demo', '{SPY}'), ('demo/hedge', 'demo', '{SPY}')"
        )
        yield conn


@pytest.fixture
def reads(url18: str) -> Iterator[Reads]:
    engine = make_engine(url18, Role.WEB, "test")
    yield Reads(engine, url18)
    engine.dispose()
