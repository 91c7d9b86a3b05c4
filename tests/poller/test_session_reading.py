"""What a session reads, held against the gateway's own truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from data.ibkr.translate import split_exec_id
from data.model import ExecutionKind, GatewayState
from tests.poller.recorder import Recorder, running
from tests.support.gateway import GatewayHandle, start_gateway


def with_session(
    tmp_path: Path,
    scenario: Callable[[GatewayHandle, Recorder], Awaitable[None]],
    options: dict[str, Any] | None = None,
    **gateway_options: Any,
) -> None:
    """Run a scenario with a gateway and a connected session of its own."""

    async def run(gateway: GatewayHandle) -> None:
        async with running(gateway.host, gateway.port, **(options or {})) as heard:
            await heard.connected()
            await scenario(gateway, heard)

    with start_gateway(tmp_path, **{"trader": False, "master_client_id": 30, **gateway_options}) as gateway:
        asyncio.run(run(gateway))


def cents(value: float | None) -> Decimal:
    assert value is not None
    return Decimal(repr(value)).quantize(Decimal("0.01"))


def test_the_figures_are_the_gateways_own(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        gateway.admin("halt")
        gateway.admin("set_price", symbol="SPY", price=651.25)  # sends everything as it is now
        truth = gateway.admin("state")
        wanted = {
            "net_liquidation": "net_liquidation", "cash": "cash", "initial_margin": "initial_margin",
            "maintenance_margin": "maintenance_margin", "daily_pnl": "daily", "unrealized_pnl": "unrealized",
            "realized_pnl": "realized",
        }  # fmt: skip
        await heard.until(
            lambda: all(cents(getattr(heard.portfolios[-1], a)) == Decimal(truth[b]) for a, b in wanted.items()),
            "the last figures",
        )
        portfolio = heard.portfolios[-1]
        assert portfolio.account == heard.account == "DU9000001"
        assert portfolio.currency == "USD"
        assert portfolio.cushion is not None
        assert 0 < portfolio.cushion < 1

        held = {p["con_id"]: p for p in truth["positions"]}
        assert heard.positions.keys() == held.keys() == heard.held[-1]
        await heard.until(
            lambda: all(cents(heard.positions[c].market_value) == Decimal(p["market_value"]) for c, p in held.items()),
            "the last market values",
        )
        for con_id, expected in held.items():
            position = heard.positions[con_id]
            assert position.quantity == expected["quantity"]
            assert position.avg_cost == pytest.approx(float(expected["average_cost"]), abs=1e-6)
            assert cents(position.market_price) == Decimal(expected["price"])
            assert cents(position.unrealized_pnl) == Decimal(expected["unrealized"])
            assert cents(position.daily_pnl) == Decimal(expected["daily"])
            assert position.contract.right == (expected["right"] or None)

    with_session(tmp_path, scenario)


def test_options_have_greeks_that_are_no_sentinels(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        def options() -> list[Any]:
            return [p for p in heard.positions.values() if p.contract.sec_type == "OPT"]

        await heard.until(lambda: options() and all(p.delta is not None for p in options()), "Greeks")
        for position in options():
            assert (position.delta < 0) == (position.contract.right == "P")
            assert position.gamma >= 0
            assert position.vega >= 0
            assert 0.01 < position.implied_vol < 3
            assert position.underlying_price > 0
            assert position.greeks_as_of is not None
        await heard.until(lambda: "market_data_type" in heard.info)
        assert heard.info["market_data_type"] == 1
        assert heard.info["market_data_lines"] == len(options())

    with_session(tmp_path, scenario)


def test_unchanged_figures_are_not_repeated(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        gateway.admin("halt")
        await heard.until(lambda: len(heard.proven) > 2)
        calls, proven = len(heard.portfolios), len(heard.proven)
        await heard.until(lambda: len(heard.proven) > proven + 3)
        # Heartbeats went on, the figures did not: nothing was said anew, and no age became younger.
        assert len(heard.portfolios) == calls
        assert heard.portfolios[-1].as_of < heard.proven[proven]

    with_session(tmp_path, scenario)


def test_a_fill_its_commission_and_its_correction(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        con_id = next(c for c, p in heard.positions.items() if p.contract.sec_type == "OPT" and p.quantity < 0)
        before = heard.positions[con_id].quantity
        made = gateway.admin(
            "fill", con_id=con_id, action="SELL", quantity=2, price="1.05", client_id=77, order_ref="x"
        )
        await heard.until(lambda: heard.positions[con_id].quantity == before - 2, "the position")
        execution = await heard.until(
            lambda: (x := heard.executions.get(made["exec_id"])) and x.commission is not None and x, "the commission"
        )
        truth = next(x for x in gateway.admin("state")["executions"] if x["exec_id"] == made["exec_id"])
        assert (execution.side, execution.quantity, execution.price) == ("SLD", 2, Decimal("1.05"))
        assert execution.commission == Decimal(truth["commission"])
        assert execution.commission_currency == "USD"
        assert execution.realized_pnl is None  # it opened: the gateway says "not computed"
        assert (execution.client_id, execution.order_ref, execution.perm_id) == (77, "x", made["perm_id"])
        assert execution.kind is ExecutionKind.TRADE
        assert heard.info["other_clients_fills"] is True

        corrected = gateway.admin("correct_execution", exec_id=made["exec_id"], price="1.07")
        again = await heard.until(lambda: heard.executions.get(corrected["exec_id"]), "the correction")
        assert again.base_exec_id == execution.base_exec_id == split_exec_id(made["exec_id"])[0]
        assert again.revision == execution.revision + 1
        assert again.price == Decimal("1.07")

    with_session(tmp_path, scenario)


def test_closing_a_position_tells_its_realized_pnl(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        con_id, position = next(
            (c, p) for c, p in heard.positions.items() if p.contract.sec_type == "OPT" and p.quantity < 0
        )
        made = gateway.admin("fill", con_id=con_id, action="BUY", quantity=int(-position.quantity), price="0.42")
        last = await heard.until(
            lambda: next((p for p in reversed(heard.closed) if p.contract.con_id == con_id and p.realized_pnl), None)
        )
        assert last.quantity == 0
        assert last.market_value is None
        execution = await heard.until(
            lambda: (x := heard.executions.get(made["exec_id"])) and x.realized_pnl is not None and x
        )
        assert last.realized_pnl == pytest.approx(float(execution.realized_pnl), abs=0.01)
        assert con_id not in heard.positions

    with_session(tmp_path, scenario)


@pytest.mark.parametrize("executions", [True, False])
def test_an_assignment(tmp_path: Path, executions: bool):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        con_id, put = next((c, p) for c, p in heard.positions.items() if p.contract.right == "P" and p.quantity < 0)
        seen = len(heard.executions)
        gateway.admin("assign", con_id=con_id, executions=executions)
        await heard.until(lambda: any(p.contract.con_id == con_id for p in heard.closed), "the option's end")
        shares = await heard.until(
            lambda: [
                p
                for p in heard.positions.values()
                if p.contract.sec_type == "STK" and p.contract.symbol == put.contract.symbol
            ]
        )
        assert shares[0].quantity >= -put.quantity * 100
        if executions:
            new = await heard.until(lambda: len(heard.executions) == seen + 2 and list(heard.executions.values())[-2:])
            await heard.until(
                lambda: all(x.kind is ExecutionKind.ASSIGNMENT for x in list(heard.executions.values())[-2:])
            )
            assert sorted(x.price for x in new) == [Decimal(0), Decimal(str(put.contract.strike))]
        else:
            await heard.until(lambda: len(heard.proven) > 3)
            assert len(heard.executions) == seen

    with_session(tmp_path, scenario)


def test_fills_of_others_are_invisible_without_the_master_id(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        assert "other_clients_fills" not in heard.info
        con_id = next(c for c, p in heard.positions.items() if p.contract.sec_type == "OPT")
        before = heard.positions[con_id].quantity
        gateway.admin("fill", con_id=con_id, action="SELL", quantity=1, client_id=77)
        await heard.until(lambda: heard.positions[con_id].quantity == before - 1, "the position, which everybody sees")

    with_session(tmp_path, scenario, master_client_id=1)


def test_missing_ends_delay_the_start_but_do_not_stop_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Real gateways have left such messages out."""
    monkeypatch.setattr("data.ibkr.connection.REQUEST_S", 0.7)

    async def run(gateway: GatewayHandle) -> None:
        gateway.admin("omit", ids=[53, 54, 55, 62, 74, 102])
        async with running(gateway.host, gateway.port) as heard:
            await heard.connected()
            truth = gateway.admin("state")
            assert heard.positions.keys() == {p["con_id"] for p in truth["positions"]}
            assert heard.executions.keys() == {x["exec_id"] for x in truth["executions"]}
            assert heard.portfolios[-1].net_liquidation == pytest.approx(float(truth["net_liquidation"]), rel=0.01)
            # And orders are still heard of afterwards.
            con_id = next(iter(heard.positions))
            gateway.admin("fill", con_id=con_id, action="SELL", quantity=1, price="1")
            await heard.until(lambda: heard.orders, "an order's status")

    with start_gateway(tmp_path, trader=False, master_client_id=30) as gateway:
        asyncio.run(run(gateway))


def test_half_filled_values_after_a_restart_are_never_passed_on(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        told = len(heard.states)
        gateway.admin("restart", seconds=0.5, half_filled=True)
        await heard.until(lambda: heard.has_been(GatewayState.DISCONNECTED, told))
        await heard.connected(told + 1)
        assert min(p.net_liquidation for p in heard.portfolios) > 10_000
        assert all(p.market_value != 0 for p in heard.positions.values())
        assert heard.held[-1] == heard.positions.keys()

    with_session(tmp_path, scenario)


def test_a_real_loss_is_believed_once_it_is_confirmed(tmp_path: Path):
    async def scenario(gateway: GatewayHandle, heard: Recorder) -> None:
        worth = heard.portfolios[-1].net_liquidation
        gateway.admin("deposit", amount=str(-round(worth * 0.95, 2)))
        await heard.until(lambda: heard.implausible, "the doubt")
        assert min(p.net_liquidation for p in heard.portfolios) > worth / 2
        await heard.until(lambda: heard.portfolios[-1].net_liquidation < worth / 10, "the belief")

    with_session(tmp_path, scenario, account_interval=0.5)


def test_several_accounts(tmp_path: Path):
    async def run(gateway: GatewayHandle) -> None:
        for named, words in ((None, "several accounts"), ("DU404", "no account DU404")):
            async with running(gateway.host, gateway.port, account=named) as heard:
                await heard.until(lambda heard=heard: heard.state is GatewayState.UNKNOWN_ACCOUNT)
                assert words in heard.reason
                assert "DU9000001, DU9000002" in heard.reason
                assert not heard.portfolios
        async with running(gateway.host, gateway.port, account="DU9000002") as heard:
            await heard.connected()
            truth = gateway.admin("state", account="DU9000002")
            assert heard.account == "DU9000002"
            assert heard.positions.keys() == {p["con_id"] for p in truth["positions"]}
            assert {p.account for p in heard.positions.values()} <= {"DU9000002"}
            assert {x.account for x in heard.executions.values()} <= {"DU9000002"}

    with start_gateway(tmp_path, trader=False, accounts=["DU9000001", "DU9000002"], master_client_id=30) as gateway:
        asyncio.run(run(gateway))


def test_a_position_that_vanished_while_we_were_away_is_closed(tmp_path: Path):
    from tests.support.proxy import Proxy

    async def run(gateway: GatewayHandle, proxy: Proxy) -> None:
        async with running(proxy.host, proxy.port) as heard:
            await heard.connected()
            con_id = next(c for c, p in heard.positions.items() if p.contract.sec_type == "OPT" and p.quantity < 0)
            told, proven = len(heard.states), len(heard.proven)
            proxy.drop(refuse=True)
            await heard.until(lambda: heard.has_been(GatewayState.REFUSED, told))
            assert con_id in heard.positions  # the last known good state stays
            assert len(heard.proven) <= proven + 1
            gateway.admin("expire", con_id=con_id)
            proxy.resume()
            await heard.connected(told)
            assert con_id not in heard.held[-1]
            assert heard.closed[-1].contract.con_id == con_id
            assert con_id not in heard.positions

    with start_gateway(tmp_path, trader=False, master_client_id=30) as gateway, Proxy(gateway.port) as proxy:
        asyncio.run(run(gateway, proxy))
