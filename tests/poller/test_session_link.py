"""How a session meets the bad days of its link: every failure has a state, a sentence, and an end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from data.model import GatewayState
from tests.poller.recorder import Recorder, running
from tests.support.gateway import GatewayHandle, start_gateway
from tests.support.proxy import Proxy

OPTIONS = {"trader": False, "master_client_id": 30}


def clients(gateway: GatewayHandle) -> dict[int, int]:
    """client id → market data lines"""
    return {c["client_id"]: c["lines"] for c in gateway.admin("clients")["clients"]}


@contextlib.asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Recorder]:
    async with running(host, port) as heard:
        await heard.connected()
        yield heard


def test_it_waits_for_a_gateway_to_come_up(tmp_path: Path, free_port: Callable[[], int]):
    port = free_port()

    async def run() -> None:
        async with running("127.0.0.1", port) as heard:
            await heard.until(lambda: heard.state is GatewayState.REFUSED)
            assert f"127.0.0.1:{port}" in heard.reason
            assert "start TWS or IB Gateway" in heard.reason
            assert heard.account is None
            with start_gateway(tmp_path, port=port, **OPTIONS):
                await heard.connected()
                # What is told before the numbers may be trusted, and in which order.
                first = [heard.calls.index(x) for x in ("account", "held", "portfolio", "state connected")]
                assert first == sorted(first)

    asyncio.run(run())


def test_cancelled_it_leaves_the_gateway(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port):
            assert 30 in clients(gateway)
        for _ in range(200):
            if not clients(gateway):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("still connected")

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_a_client_id_in_use(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port), running(gateway.host, gateway.port) as second:
            await second.until(lambda: second.state is GatewayState.CLIENT_ID_IN_USE)
            assert "30" in second.reason
            assert "IBKR_CLIENT_ID" in second.reason
            assert second.account is None

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_a_gateway_that_does_not_answer_the_handshake(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        gateway.admin("silence", on=True)
        async with running(gateway.host, gateway.port, connect_timeout_s=0.5) as heard:
            await heard.until(lambda: heard.state is GatewayState.WAITING_FOR_LOGIN)
            assert "second factor" in heard.reason
            gateway.admin("silence", on=False)
            await heard.connected()

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


@pytest.mark.parametrize("fault", ["drop", "half_close", "cut"])
def test_a_broken_wire(tmp_path: Path, fault: str):
    async def run(proxy: Proxy) -> None:
        async with connected(proxy.host, proxy.port) as heard:
            told, figures = len(heard.states), heard.portfolios[-1]
            getattr(proxy, fault)()
            await heard.until(lambda: heard.has_been(GatewayState.DISCONNECTED, told))
            assert "the last figures stay" in heard.reason_of(GatewayState.DISCONNECTED)
            assert heard.portfolios[-1].net_liquidation == pytest.approx(figures.net_liquidation, rel=0.05)
            await heard.connected(told)
            assert heard.positions.keys() == heard.held[-1]

    with start_gateway(tmp_path, **OPTIONS) as gateway, Proxy(gateway.port) as proxy:
        asyncio.run(run(proxy))


def test_a_silent_wire(tmp_path: Path):
    async def run(proxy: Proxy) -> None:
        async with connected(proxy.host, proxy.port) as heard:
            told = len(heard.states)
            proxy.silence()
            await heard.until(lambda: heard.has_been(GatewayState.SILENT, told))
            assert "has not answered for 2 s" in heard.reason_of(GatewayState.SILENT)
            proven = len(heard.proven)
            proxy.resume()
            await heard.connected(told)
            await heard.until(lambda: len(heard.proven) > proven)

    with start_gateway(tmp_path, **OPTIONS) as gateway, Proxy(gateway.port) as proxy:
        asyncio.run(run(proxy))


def test_no_alarm_while_nothing_moves(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            gateway.admin("halt")
            told, proven = len(heard.states), len(heard.proven)
            await heard.until(lambda: len(heard.proven) > proven + 6)  # longer than its patience of two seconds
            assert len(heard.states) == told

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_the_broker_is_lost_and_found(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            gateway.admin("error", code=1100)
            await heard.until(lambda: heard.state is GatewayState.BROKER_UNREACHABLE)
            assert "1100" in heard.reason
            told = len(heard.states)
            # A fill while the broker was away, of which no push tells: it is asked for afterwards.
            gateway.admin("omit", ids=[11, 59])
            made = gateway.admin("fill", symbol="SPY", action="BUY", quantity=1, client_id=77)
            gateway.admin("omit", ids=[])
            gateway.admin("error", code=1102)
            await heard.connected(told)
            # The gateway answered meanwhile, but that proved nothing.
            assert GatewayState.BROKER_UNREACHABLE not in heard.proven_in
            await heard.until(lambda: made["exec_id"] in heard.executions)

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_data_lost_means_subscribing_anew(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            lines = sum(p.contract.sec_type == "OPT" for p in heard.positions.values())
            await heard.until(lambda: clients(gateway)[30] == lines)
            told = len(heard.states)
            gateway.admin("error", code=1100)
            gateway.admin("error", code=1101)
            await heard.connected(told)
            await heard.until(lambda: clients(gateway)[30] == lines, "the lines")
            gateway.admin("set_price", symbol="SPY", price=640)
            worth = round(float(gateway.admin("state")["daily"]))
            await heard.until(lambda: abs(heard.portfolios[-1].daily_pnl - worth) < 100, "the P&L")
            gateway.admin("fill", symbol="SPY", action="BUY", quantity=1)
            await heard.until(lambda: any(p.contract.symbol == "SPY" for p in heard.positions.values()), "positions")

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_another_login_takes_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data.ibkr.connection.OTHER_LOGIN_S", 1.5)

    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            gateway.admin("error", code=10197)
            await heard.until(lambda: heard.state is GatewayState.OTHER_LOGIN)
            assert "second username" in heard.reason
            await heard.connected()  # data flow again
            assert GatewayState.OTHER_LOGIN not in heard.proven_in

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_the_port_was_changed(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            told = len(heard.states)
            gateway.admin("error", code=1300)
            await heard.until(lambda: heard.has_been(GatewayState.DISCONNECTED, told))
            assert "IBKR_PORT" in heard.reason_of(GatewayState.DISCONNECTED)
            await heard.connected(told)

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_other_errors_are_told_and_change_nothing(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            told = len(heard.states)
            gateway.admin("error", code=321, text="The API interface is currently in Read-Only mode.")
            await heard.until(lambda: "Read-Only" in heard.info.get("error", ""))
            gateway.admin("error", code=2103)
            await heard.until(lambda: "2103" in heard.info.get("error", ""))
            assert len(heard.states) == told

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_a_gateway_killed_and_started_again(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        async with connected(gateway.host, gateway.port) as heard:
            told = len(heard.states)
            gateway.kill()
            await heard.until(lambda: heard.has_been(GatewayState.REFUSED, told))
            gateway.restart()
            await heard.connected(told)

    with start_gateway(tmp_path, state=tmp_path / "state.json", **OPTIONS) as gateway:
        asyncio.run(run(gateway))


ALLOWED = {71, 6, 61, 16, 7, 92, 93, 94, 95, 1, 2, 59, 9, 49}
"""startApi; account, positions, everybody's orders (once), executions; P&L; market data; details; time."""


def test_it_only_ever_reads(tmp_path: Path):
    """No order is placed, changed, cancelled or bound: such messages never leave."""
    sent: set[int] = set()

    async def run(gateway: GatewayHandle) -> None:
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(gateway.host, gateway.port)

            async def up() -> None:
                far_writer.write(await reader.readexactly(4))  # the prefix
                is_greeting = True
                while True:
                    head = await reader.readexactly(4)
                    body = await reader.readexactly(int.from_bytes(head, "big"))
                    if not is_greeting:
                        sent.add(int(body.split(b"\0")[0]))
                    is_greeting = False
                    far_writer.write(head + body)

            async def down() -> None:
                while data := await far_reader.read(65536):
                    writer.write(data)

            both = asyncio.gather(up(), down())
            try:
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                    await both
            finally:
                both.cancel()
                far_writer.close()
                writer.close()

        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        async with server:
            async with connected(*server.sockets[0].getsockname()[:2]) as heard:
                con_id = next(c for c, p in heard.positions.items() if p.contract.sec_type == "OPT" and p.quantity < 0)
                gateway.admin("expire", con_id=con_id)
                await heard.until(lambda: con_id not in heard.positions)
                told = len(heard.states)
                gateway.admin("error", code=1101)
                await heard.connected(told)
                proven = len(heard.proven)
                await heard.until(lambda: len(heard.proven) > proven + 8)  # a reconciliation lies within
            await asyncio.sleep(0.1)

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))
    assert {71, 6, 61, 16, 7, 92, 94, 1, 49} <= sent <= ALLOWED
