"""The state outlives the process: a clean stop, kill -9 in the middle of trading, weeks of absence, a damaged file."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from data.simulator.calendar import Hours
from tests.gateway.conftest import Connect, until
from tests.support.gateway import GatewayHandle, start_gateway

BOOKS = ("cash", "realized", "executions")


def books(handle: GatewayHandle) -> dict[str, Any]:
    state = handle.admin("state")
    quantities = {p["con_id"]: (p["quantity"], p["average_cost"]) for p in state["positions"]}
    return {**{name: state[name] for name in BOOKS}, "positions": quantities, "orders": state["open_orders"]}


def test_a_clean_stop_and_start_goes_on(tmp_path: Path, connect: Connect):
    from ib_insync import LimitOrder, Stock

    with start_gateway(tmp_path, trader=False, state=tmp_path / "world.json") as handle:
        ib = connect(handle, 1)
        waiting = ib.placeOrder(Stock("KO", "SMART", "USD"), LimitOrder("BUY", 100, 5.0, tif="GTC", orderRef="late"))
        until(ib, lambda: waiting.orderStatus.status == "Submitted", "Submitted")
        handle.admin("set_price", symbol="SPY", price=512.34)
        before = books(handle)
        ib.disconnect()
        assert handle.terminate() == 0
        handle.restart()
        assert books(handle) == before
        again = connect(handle, 1)
        (order,) = again.openTrades()
        assert order.order.orderRef == "late"
        assert again.client.getReqId() > waiting.order.orderId
        (ticker,) = again.reqTickers(Stock("SPY", "SMART", "USD"))
        assert abs(ticker.last - 512.34) < 3


def test_what_was_announced_survives_kill_9(tmp_path: Path, connect: Connect):
    """A client hears fills while the gateway is killed among them: everything that it heard must be in the books."""
    with start_gateway(tmp_path, trader=False, master_client_id=30, state=tmp_path / "world.json") as handle:
        ib = connect(handle)
        con_id = ib.positions()[0].contract.conId
        known = {f.execution.execId for f in ib.fills()}
        # The client forgets its fills when the socket goes, so they are noted as they come.
        heard: set[str] = set()
        ib.updateEvent += lambda: heard.update(f.execution.execId for f in ib.fills())

        def trade() -> None:
            try:
                for number in range(10_000):
                    handle.admin("fill", con_id=con_id, action="BUY" if number % 2 else "SELL", quantity=1)
            except (ConnectionError, OSError, ValueError):
                pass  # the kill

        trading = threading.Thread(target=trade)
        trading.start()
        until(ib, lambda: len(ib.fills()) > len(known) + 25, "25 fills")
        handle.process.kill()
        until(ib, lambda: not ib.isConnected(), "the disconnection")
        trading.join()
        handle.kill()
        handle.restart()
        fresh = connect(handle, 31, readonly=True)
        state = handle.admin("state")
        kept = {x["exec_id"] for x in state["executions"]}
        assert len(heard) > len(known) + 25
        assert heard <= kept
        assert known < kept
        # The books agree with their own executions: what is kept was booked once.
        moved = [x for x in state["executions"] if x["exec_id"] not in known]
        net = sum(x["quantity"] if x["side"] == "BOT" else -x["quantity"] for x in moved)
        fresh.disconnect()
        position = {p["con_id"]: p["quantity"] for p in state["positions"]}[con_id]
        assert net in (0, -1)
        assert position == {p.contract.conId: p.position for p in connect(handle, 32).positions()}[con_id]


def test_every_heard_fill_is_on_disk_at_that_moment(tmp_path: Path, connect: Connect):
    path = tmp_path / "world.json"
    with start_gateway(tmp_path, trader=False, master_client_id=30, state=path) as handle:
        ib = connect(handle)
        on_disk = []

        def look(*_: Any) -> None:
            if ib.fills():
                saved = {x["exec_id"] for x in json.loads(path.read_text())["executions"]}
                on_disk.append({f.execution.execId for f in ib.fills()} <= saved)

        ib.updateEvent += look
        con_id = ib.positions()[0].contract.conId
        for _ in range(5):
            handle.admin("fill", con_id=con_id, action="BUY", quantity=1)
        fills = len(handle.admin("state")["executions"])
        until(ib, lambda: len(ib.fills()) == fills, "the fills")
        assert on_disk
        assert all(on_disk)


def test_weeks_later_the_demo_is_still_sensible(tmp_path: Path, connect: Connect):
    path = tmp_path / "world.json"
    with start_gateway(tmp_path, state=path) as handle:
        assert handle.terminate() == 0
        # Four weeks pass: every moment in the file moves back by that much, options keep their dates.
        back_date(path, 28)
        handle.restart()
        state = handle.admin("state")
        assert len(state["positions"]) >= 20
        assert Decimal(state["net_liquidation"]) > 100_000
        today = state["session"].replace("-", "")
        assert all(p["expiry"] >= today for p in state["positions"] if p["sec_type"] == "OPT")
        assert connect(handle, 30).portfolio()


def back_date(path: Path, days: int) -> None:
    world = json.loads(path.read_text())
    past = world["moment"] - timedelta(days=days).total_seconds()
    world["moment"] = world["session_start"] = world["market"]["moment"] = past
    world["session"] = Hours().session_date(past).isoformat()
    path.write_text(json.dumps(world))


@pytest.mark.parametrize("damage", ['{"version": 1, "accounts": [', '{"version": 1}', "[]", '{"version": 99}'])
def test_a_damaged_file_is_put_aside(tmp_path: Path, damage: str):
    path = tmp_path / "world.json"
    path.write_text(damage)
    with start_gateway(tmp_path, trader=False, state=path) as handle:
        assert handle.admin("state")["positions"]
        assert "cannot be read" in handle.log
    assert (tmp_path / "world.json.unreadable").read_text() == damage


def test_a_place_that_cannot_be_written_does_not_end_the_demo(tmp_path: Path):
    with start_gateway(tmp_path, trader=False, state=tmp_path / "missing" / "world.json") as handle:
        assert handle.admin("state")["positions"]
        assert "cannot save the state" in handle.log
        assert handle.terminate() == 0


def test_the_house_trader_trades(tmp_path: Path, connect: Connect):
    with start_gateway(tmp_path, master_client_id=30, speed=120) as handle:
        ib = connect(handle)
        before = len(ib.fills())
        until(ib, lambda: len(ib.fills()) > before and ib.fills()[-1].commissionReport.execId, "a fill")
        assert ib.fills()[-1].execution.orderRef.startswith("wheel:")
