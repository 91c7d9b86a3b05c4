"""Deposits and withdrawals over the real socket: never told, and yet no profit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from data.transfers import Watcher
from tests.poller.conftest import ACCOUNT, StartPoller, Watched
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle

CASH = "SELECT cash_by_currency -> 'USD' ->> 0 FROM cash_states ORDER BY ts DESC LIMIT 1"


class Suspicions:
    def __init__(self, gateway: GatewayHandle, db: Watched, watcher: Watcher, reads: Reads) -> None:
        self._gateway, self._db, self._watcher, self._reads = gateway, db, watcher, reads

    def once_told(self) -> list[float]:
        """Amounts, newest first, once the world's cash of now has been told and looked at."""
        eventually(lambda: self._db.one(CASH) == self._gateway.admin("state")["cash"], "the cash of now")
        self._watcher.look()
        return [item["amount"] for item in self._reads.agreement.suspected(ACCOUNT)["items"]]


@pytest.fixture
def suspicions(gateway: GatewayHandle, db: Watched) -> Iterator[Suspicions]:
    engine = make_engine(db.url, Role.WEB, "test")
    with connect(db.url, Role.AGENT, "test", autocommit=True) as conn:
        yield Suspicions(gateway, db, Watcher(conn), Reads(engine, db.url))
    engine.dispose()


def test_what_comes_live_and_what_goes_while_nobody_looks(
    gateway: GatewayHandle, start_poller: StartPoller, db: Watched, suspicions: Suspicions
) -> None:
    with start_poller(db.url):
        db.wait_live()
        assert suspicions.once_told() == []
        gateway.admin("fill", symbol="KO", action="BUY", quantity=100)
        gateway.admin("deposit", amount="10000.00")
        assert suspicions.once_told() == [10_000.0]
    gateway.admin("deposit", amount="-6000.00")
    with start_poller(db.url):
        assert suspicions.once_told() == [-6000.0, 10_000.0]
    eventually(lambda: db.one("SELECT count(*) FROM open_transfers") == 2, "both are open")


def test_what_is_no_transfer(
    gateway: GatewayHandle, start_poller: StartPoller, db: Watched, suspicions: Suspicions
) -> None:
    with start_poller(db.url):
        db.wait_live()
        assert suspicions.once_told() == []
        shorts = [p for p in gateway.admin("state")["positions"] if p["right"] == "P" and p["quantity"] < 0]
        gateway.admin("assign", con_id=shorts[0]["con_id"], executions=False)
        gateway.admin("expire", con_id=shorts[1]["con_id"])
        gateway.admin("set_price", symbol=shorts[2]["symbol"], price=20)
        gateway.admin("fill", symbol="SPY", action="BUY", quantity=50)
        assert suspicions.once_told() == []
        gateway.admin("restart", seconds=0.5, half_filled=True)
        gateway.admin("fill", symbol="SPY", action="SELL", quantity=50)
        assert suspicions.once_told() == []
