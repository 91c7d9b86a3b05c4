"""With the simulated gateway and the poller: what bots trade, what nobody's is and the broker's own P&L of the day agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from data.db import connect
from data.model import Role
from data.strategies.attributing import Attributor
from data.strategies.figures.keeping import Keeper
from tests.figures.conftest import Conn
from tests.poller.conftest import Watched, watching
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import GatewayHandle, start_gateway

CENTS = 0.05


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    with start_gateway(tmp_path, trader=False, master_client_id=30) as handle:
        yield handle


@pytest.fixture
def watched(gateway: GatewayHandle, url18: str, tmp_path: Path) -> Iterator[Watched]:
    with (
        PollerProcess(tmp_path, database_url=url18, host=gateway.host, port=gateway.port),
        watching(url18) as found,
    ):
        found.wait_live()
        yield found


@pytest.fixture
def live_agent(watched: Watched, url18: str) -> Iterator[Conn]:
    del watched
    with connect(url18, Role.AGENT, "test", autocommit=True) as conn:
        conn.execute("INSERT INTO bots (bot, adapter) VALUES ('demo', 'in_process')")
        conn.execute("INSERT INTO strategies (name, bot) VALUES ('demo/put-write', 'demo'), ('demo/hedge', 'demo')")
        yield conn


def expiry(days: int) -> str:
    """A Friday at least `days` away, as the gateway writes it."""
    day = date.today() + timedelta(days=days)
    return (day + timedelta(days=(4 - day.weekday()) % 7)).strftime("%Y%m%d")


def closed_before(gateway: GatewayHandle) -> float:
    """The day's P&L of contracts that were closed before the poller looked, but for their commissions: the account has it, and
    nobody can say whose it is."""
    state = gateway.admin("state")
    held = {position["con_id"] for position in state["positions"]}
    fees = sum(float(x["commission"]) for x in state["executions"] if x["con_id"] not in held)
    return float(state["daily"]) - sum(float(position["daily"]) for position in state["positions"]) + fees


def test_the_sum_is_the_accounts_day(gateway: GatewayHandle, watched: Watched, live_agent: Conn) -> None:
    attributor, keeper = Attributor(live_agent), Keeper(live_agent)
    unseen = closed_before(gateway)
    keeper.look()  # as the agent does all the time
    chain = {"symbol": "KO", "expiry": expiry(40), "right": "P"}
    sold = gateway.admin(
        "fill", action="SELL", quantity=2, strike=60.0, order_ref="demo:put-write:KO", client_id=12, **chain
    )
    gateway.admin("fill", action="BUY", quantity=1, strike=55.0, order_ref="demo:hedge:KO", client_id=12, **chain)
    gateway.admin("fill", action="BUY", quantity=10, symbol="KO")  # by hand
    gateway.admin("fill", action="BUY", quantity=1, strike=60.0, order_ref="demo:put-write:KO", client_id=12, **chain)
    eventually(
        lambda: (
            watched.one(
                "SELECT count(*) FROM executions WHERE order_ref LIKE 'demo:%%'",
            )
            == 3
        ),
        "the fills",
    )

    def residual() -> bool:
        attributor.look()
        keeper.look()
        found = watched.rows("SELECT strategy, pnl_day, residual_day FROM strategy_latest ORDER BY strategy")
        return (
            [name for name, _, _ in found] == ["", "demo/hedge", "demo/put-write"]
            and found[0][2] is not None
            and abs(found[0][2] - unseen) < CENTS
            and any(day for _, day, _ in found)
        )

    eventually(residual, "strategies, the rest and the account's own P&L of the day to agree")
    shorts = watched.one("SELECT shorts FROM strategy_latest WHERE strategy = 'demo/put-write'")
    assert [(short["con_id"], short["quantity"]) for short in shorts] == [(sold["con_id"], -1.0)]
    # Assigned with executions: the shares come to the strategy, and all still agrees.
    gateway.admin("assign", con_id=sold["con_id"], executions=True)
    eventually(lambda: watched.one("SELECT count(*) FROM executions WHERE kind = 'assignment'") == 2, "the assignment")

    def assigned() -> bool:
        return residual() and watched.one(
            "SELECT count(*) FROM executions WHERE kind = 'assignment' AND strategy = 'demo/put-write'"
        ) == 2  # fmt: skip

    eventually(assigned, "the assignment in the strategy's figures")
    assert watched.one("SELECT shorts FROM strategy_latest WHERE strategy = 'demo/put-write'") == []
