"""Our market data lines beside a bot's: the account has 100, and the bot must never be refused because of us."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ib_insync import IB, Contract

from tests.poller.recorder import running
from tests.support.gateway import GatewayHandle, start_gateway

BOT = 11
OPTIONS = {"trader": False, "master_client_id": 30, "line_limit": 100}


@contextlib.asynccontextmanager
async def bot(gateway: GatewayHandle, refusals: list[int]) -> AsyncIterator[IB]:
    """A client beside us, unmodified; `refusals` fills with its errors 101."""
    asyncio.set_event_loop(asyncio.get_running_loop())
    ib = IB()
    ib.errorEvent += lambda _request, code, _text, _contract: refusals.append(code) if code == 101 else None
    await ib.connectAsync(gateway.host, gateway.port, clientId=BOT, timeout=10)
    try:
        yield ib
    finally:
        transport = ib.client.conn.transport
        ib.disconnect()
        transport.abort()
        await asyncio.sleep(0)


def subscribe(ib: IB, con_ids: list[int]) -> list[Any]:
    contracts = [Contract(conId=c, exchange="SMART") for c in con_ids]
    for contract in contracts:
        ib.reqMktData(contract)
    return contracts


def lines(gateway: GatewayHandle) -> dict[int, int]:
    return {c["client_id"]: c["lines"] for c in gateway.admin("clients")["clients"]}


async def settled(gateway: GatewayHandle, wanted: dict[int, int]) -> None:
    """Wait until each client has so many lines."""
    deadline = asyncio.get_running_loop().time() + 15
    while (found := lines(gateway)) != wanted:
        assert asyncio.get_running_loop().time() < deadline, f"{found} instead of {wanted}"
        await asyncio.sleep(0.05)


def option_ids(gateway: GatewayHandle) -> list[int]:
    positions = gateway.admin("state")["positions"]
    return sorted(p["con_id"] for p in positions if p["sec_type"] == "OPT")


def test_the_bot_is_not_refused_whatever_it_does_within_its_share(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        gateway.admin("add_positions", n=90)
        ids = option_ids(gateway)
        assert len(ids) > 100
        refusals: list[int] = []
        async with running(gateway.host, gateway.port, line_budget=40) as heard, bot(gateway, refusals) as ib:
            await heard.connected()
            await settled(gateway, {30: 40, BOT: 0})
            contracts = subscribe(ib, ids[:60])
            await settled(gateway, {30: 40, BOT: 60})
            for contract in contracts[:30]:
                ib.cancelMktData(contract)
            subscribe(ib, ids[60:90])
            await settled(gateway, {30: 40, BOT: 60})
            # Short options near expiry were served first.
            known = [p for p in heard.positions.values() if p.contract.sec_type == "OPT" and p.quantity < 0]
            ranked = sorted(known, key=lambda p: (p.contract.expiry, p.contract.con_id))
            await heard.until(lambda: all(heard.positions[p.contract.con_id].delta is not None for p in ranked[:30]))
        assert refusals == []

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_we_yield_when_the_bot_takes_them_all(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        gateway.admin("add_positions", n=90)
        ids = option_ids(gateway)
        refusals: list[int] = []
        async with bot(gateway, refusals) as ib:
            contracts = subscribe(ib, ids[:80])
            await settled(gateway, {BOT: 80})
            async with running(gateway.host, gateway.port, line_budget=40) as heard:
                await heard.connected()
                # Twenty are left; the next is refused, and half of what we asked for goes back at once.
                await settled(gateway, {30: 11, BOT: 80})
                await heard.until(lambda: heard.info.get("market_data_lines") == 11)
                subscribe(ib, ids[80:89])
                await settled(gateway, {30: 11, BOT: 89})
                for contract in contracts[:5]:
                    ib.cancelMktData(contract)
                subscribe(ib, ids[89:94])
                await settled(gateway, {30: 11, BOT: 89})  # what becomes free is not snatched away
                # No figure suffers: they need no line.
                assert all(p.market_value is not None for p in heard.positions.values())
        assert refusals == []

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))


def test_a_full_account_costs_us_nothing_but_greeks(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        gateway.admin("add_positions", n=90)
        refusals: list[int] = []
        async with bot(gateway, refusals) as ib:
            subscribe(ib, option_ids(gateway)[:100])
            await settled(gateway, {BOT: 100})
            async with running(gateway.host, gateway.port) as heard:
                await heard.connected()
                await settled(gateway, {30: 0, BOT: 100})
                assert all(p.market_value is not None for p in heard.positions.values())
                assert all(p.delta is None for p in heard.positions.values())
        assert refusals == []

    with start_gateway(tmp_path, **OPTIONS) as gateway:
        asyncio.run(run(gateway))
