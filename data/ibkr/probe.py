"""Ask a gateway who it is, once: for `mtz connect`, `mtz doctor` and the choice of the database. Blocking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data.ibkr import client, translate
from data.ibkr.link import Link
from data.ibkr.reasons import LinkError
from data.model import GatewayState, Source

DELAYED_FROZEN = 4
READ_ONLY = 321
NO_SUBSCRIPTION = frozenset({200, 354, 10089, 10090, 10091, 10168, 10186, 10197, 101})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What answered. `state` and `problem` say why it is not usable: the kind, and a sentence with what to do."""

    reachable: bool
    state: GatewayState | None = None
    problem: str = ""
    server_version: int | None = None
    accounts: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What a usable gateway allows. None: could not be told.

    `market_data_type`: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen; `market_data_problem`: the gateway's words.
    `other_clients_fills`: True where one was seen; None is "not seen yet". `clock_skew_s`: how far the gateway's clock
    is ahead of ours, in whole seconds.
    """

    result: ProbeResult
    market_data_type: int | None = None
    market_data_problem: str = ""
    read_only: bool | None = None
    other_clients_fills: bool | None = None
    clock_skew_s: float | None = None


def source_of(accounts: tuple[str, ...]) -> Source | None:
    """Paper where all account ids are a paper account's; None where there is no account."""
    if not accounts:
        return None
    return Source.PAPER if all(translate.source_of(a) is Source.PAPER for a in accounts) else Source.LIVE


def probe(host: str, port: int, client_id: int, timeout: float) -> ProbeResult:
    """Connect, read the accounts, disconnect; at most about `timeout` seconds. Never raises for what a gateway does."""
    return asyncio.run(_with_link(host, port, client_id, timeout, _nothing_more)).result


def examine(host: str, port: int, client_id: int, timeout: float) -> Examination:
    """A probe that looks further: market data, read-only API, other clients' fills, clock.

    It asks for one market data line (SPY) and gives it back. It places no order.
    """
    return asyncio.run(_with_link(host, port, client_id, timeout, _look))


Look = Callable[[Link, ProbeResult, float], Any]


async def _with_link(host: str, port: int, client_id: int, timeout: float, look: Look) -> Examination:
    asyncio.set_event_loop(asyncio.get_running_loop())  # the library asks for the thread's loop
    link = Link(host, port, client_id)
    try:
        await link.open(timeout / 2)  # the wait for the greeting comes on top of it
        accounts = tuple(link.ib.client.getAccounts())
        result = ProbeResult(True, None, "", link.ib.client.serverVersion(), accounts, source_of(accounts))
        found: Examination = await look(link, result, timeout)
        return found
    except LinkError as error:
        reachable = error.state in (GatewayState.WAITING_FOR_LOGIN, GatewayState.CLIENT_ID_IN_USE)
        return Examination(ProbeResult(reachable, error.state, error.reason))
    except (TimeoutError, ConnectionError):
        text = f"{link.address} stopped answering while it was asked; look at the gateway's window, and try again."
        return Examination(ProbeResult(True, GatewayState.SILENT, text))
    finally:
        link.close()
        await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next turn


async def _nothing_more(_link: Link, result: ProbeResult, _timeout: float) -> Examination:
    return Examination(result)


async def _look(link: Link, result: ProbeResult, timeout: float) -> Examination:
    data_type, problem = await _market_data(link, timeout)
    return Examination(
        result,
        market_data_type=data_type,
        market_data_problem=problem,
        read_only=await _is_read_only(link, timeout),
        other_clients_fills=await _sees_others(link, timeout),
        clock_skew_s=await _clock_skew(link, timeout),
    )


async def _market_data(link: Link, timeout: float) -> tuple[int | None, str]:
    link.ib.reqMarketDataType(DELAYED_FROZEN)
    contract = client.stock("SPY")
    request, ticker = client.start_line(link.ib, contract)
    problems: list[str] = []

    def on_error(req_id: int, code: int, text: str, _contract: Any) -> None:
        if code in NO_SUBSCRIPTION and req_id in (request, -1):
            problems.append(f"{text} ({code})")

    link.ib.errorEvent += on_error
    deadline = time.monotonic() + timeout
    while ticker.time is None and not problems and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    link.ib.errorEvent -= on_error
    client.stop_line(link.ib, contract, request, ticker)
    return (int(ticker.marketDataType) if ticker.time is not None else None), "; ".join(problems)


async def _is_read_only(link: Link, timeout: float) -> bool | None:
    """A read-only API refuses (321) to list even this client's own orders, which is asked for here and changes nothing."""
    refused = asyncio.Event()

    def on_error(_req_id: int, code: int, text: str, _contract: Any) -> None:
        if code == READ_ONLY and "read-only" in text.lower():
            refused.set()

    link.ib.errorEvent += on_error
    listed, said = asyncio.ensure_future(link.ib.reqOpenOrdersAsync()), asyncio.ensure_future(refused.wait())
    try:
        await asyncio.wait({listed, said}, timeout=timeout, return_when="FIRST_COMPLETED")
        return True if refused.is_set() else False if listed.done() else None
    finally:
        link.ib.errorEvent -= on_error
        for task in (listed, said):
            task.cancel()


async def _sees_others(link: Link, timeout: float) -> bool | None:
    try:
        async with asyncio.timeout(timeout):
            fills = await link.ib.reqExecutionsAsync()
    except TimeoutError:
        fills = link.ib.fills()
    found = [translate.execution(fill) for fill in fills]
    return True if any(x.order_id and x.client_id not in (None, link.client_id) for x in found) else None


async def _clock_skew(link: Link, timeout: float) -> float | None:
    try:
        async with asyncio.timeout(timeout):
            there = await link.ib.reqCurrentTimeAsync()
    except TimeoutError:
        return None
    # It tells whole seconds, cut off: half a second is added, and what remains below one means nothing.
    skew = (there - datetime.now(UTC)).total_seconds() + 0.5
    return float(round(skew))
