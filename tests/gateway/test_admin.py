"""What only a broker can do: errors, corrections, assignment, halts, silence, restarts, and the line limit."""

from __future__ import annotations

import json
import math
import socket
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.conftest import Connect, until
from tests.gateway.raw import RawClient
from tests.support.gateway import AdminError, GatewayHandle, start_gateway
from tests.support.proxy import Proxy

ACCOUNT = "DU9000001"


def record_errors(ib: Any) -> list[int]:
    codes: list[int] = []
    ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
    return codes


def short_put(handle: GatewayHandle) -> dict[str, Any]:
    return next(p for p in handle.admin("state")["positions"] if p["right"] == "P" and p["quantity"] < 0)


def test_the_token_is_needed(gateway: GatewayHandle):
    with socket.create_connection((gateway.host, gateway.admin_port), timeout=10) as plain:
        answers = plain.makefile("rb")
        for line in (b"{}", b'{"token": "wrong", "cmd": "state"}', b"noise", b"[]", b'{"token": 7}'):
            plain.sendall(line + b"\n")
            assert json.loads(answers.readline())["ok"] is False
        answers.close()
    assert gateway.admin("state")["account"] == ACCOUNT


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("nonsense", {}),
        ("assign", {"con_id": 5}),
        ("correct_execution", {"exec_id": "x", "price": 1}),
        ("state", {"account": "DU0"}),
        ("set_price", {"symbol": "SPY", "price": -1}),
        ("set_price", {"symbol": "NOSUCH", "price": 1}),
        ("fill", {"perm_id": 1}),
        ("fill", {"no_such": 1}),
    ],
)
def test_impossible_commands_are_refused(quiet_gateway: GatewayHandle, command: str, arguments: dict[str, Any]):
    with pytest.raises(AdminError):
        quiet_gateway.admin(command, **arguments)


def test_without_a_token_there_is_no_admin_socket(tmp_path):
    with start_gateway(tmp_path, trader=False, admin_token="") as handle, pytest.raises(ConnectionRefusedError):
        handle.admin("state")


def test_any_error_reaches_the_client(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    codes = record_errors(ib)
    for code in (1100, 1102, 1300, 10197, 2103):
        gateway.admin("error", code=code)
    until(ib, lambda: len(codes) == 5, "five errors")
    assert codes == [1100, 1102, 1300, 10197, 2103]
    assert ib.isConnected()


def test_after_1101_nothing_is_subscribed(gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    ib = connect(gateway)
    spy = Stock("SPY", "SMART", "USD")
    ticker = ib.reqMktData(spy)
    until(ib, lambda: ticker.bid > 0, "ticks")
    codes = record_errors(ib)
    gateway.admin("error", code=1101)
    until(ib, lambda: codes == [1101], "1101")
    assert gateway.admin("clients")["clients"] == [{"client_id": 30, "lines": 0}]
    count = ib.client.connectionStats().numMsgRecv
    gateway.admin("set_price", symbol="SPY", price=700.0)
    assert ib.reqCurrentTime()
    assert ib.client.connectionStats().numMsgRecv == count + 1
    ib.client.reqMktData(9001, spy, "", False, False, [])
    ib.wrapper.reqId2Ticker[9001] = ticker
    until(ib, lambda: abs(ticker.last - 700) < 5, "ticks again")


def test_a_corrected_execution_stands_beside_the_first(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    first = ib.fills()[0]
    cash = Decimal(gateway.admin("state")["cash"])
    price = round(first.execution.price + 0.05, 2)
    answer = gateway.admin("correct_execution", exec_id=first.execution.execId, price=price)
    until(ib, lambda: answer["exec_id"] in {f.execution.execId for f in ib.fills()}, "the correction")
    assert answer["exec_id"].rpartition(".")[2] == "02"
    same = [f for f in ib.fills() if f.execution.execId.startswith(first.execution.execId[:-2])]
    assert [f.execution.price for f in same] == [first.execution.price, price]
    assert Decimal(gateway.admin("state")["cash"]) == cash + Decimal("5.00")


def test_a_forced_fill_of_any_contract(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    answer = gateway.admin(
        "fill", symbol="NVDA", expiry="20270115", strike=150.0, right="P", action="SELL", quantity=3, price="2.35",
        client_id=77, order_ref="wheel:NVDA",
    )  # fmt: skip
    until(ib, lambda: answer["exec_id"] in {f.execution.execId for f in ib.fills()}, "the fill")
    fill = ib.fills()[-1]
    assert (fill.execution.clientId, fill.execution.orderRef, fill.execution.price) == (77, "wheel:NVDA", 2.35)
    until(ib, lambda: {p.contract.conId: p.position for p in ib.positions()}.get(answer["con_id"]) == -3, "position")


@pytest.mark.parametrize("executions", [False, True])
def test_an_assigned_put_becomes_shares(gateway: GatewayHandle, connect: Connect, executions: bool):
    ib = connect(gateway)
    put = short_put(gateway)
    contracts = -put["quantity"]
    fills, cash = len(ib.fills()), Decimal(gateway.admin("state")["cash"])
    shares = {p.contract.symbol: p.position for p in ib.positions() if p.contract.secType == "STK"}
    gateway.admin("assign", con_id=put["con_id"], executions=executions)
    until(ib, lambda: put["con_id"] not in {p.contract.conId for p in ib.positions()}, "the option to go")
    until(ib, lambda: put["con_id"] not in {p.contract.conId for p in ib.portfolio()}, "the portfolio to follow")
    now = {p.contract.symbol: p.position for p in ib.positions() if p.contract.secType == "STK"}
    assert now[put["symbol"]] == shares.get(put["symbol"], 0) + 100 * contracts
    assert Decimal(gateway.admin("state")["cash"]) == cash - Decimal(str(put["strike"])) * 100 * contracts
    assert len(ib.fills()) == fills + (2 if executions else 0)
    if executions:
        assert [f.execution.price for f in ib.fills()[-2:]] == [0.0, put["strike"]]


def test_an_expired_option_is_gone(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    put = short_put(gateway)
    gateway.admin("set_price", symbol=put["symbol"], price=put["strike"] * 1.2)
    gateway.admin("expire", con_id=put["con_id"])
    until(ib, lambda: put["con_id"] not in {p.contract.conId for p in ib.positions()}, "the option to go")
    last = ib.fills()[-1]
    assert last.execution.price == 0
    assert last.commissionReport.realizedPNL == -float(put["average_cost"]) * put["quantity"]


def test_a_halted_market_still_answers(gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    ib = connect(gateway)
    ticker = ib.reqMktData(Stock("SPY", "SMART", "USD"))
    until(ib, lambda: ticker.bid > 0, "ticks")
    gateway.admin("halt")
    ib.reqCurrentTime()
    moment = gateway.admin("state")["moment"]
    count = ib.client.connectionStats().numMsgRecv
    for _ in range(3):
        ib.reqCurrentTime()
    assert ib.client.connectionStats().numMsgRecv == count + 3
    assert gateway.admin("state")["moment"] == moment
    gateway.admin("resume_clock")
    until(ib, lambda: gateway.admin("state")["moment"] > moment, "the market to move on")


def test_silence_fires_the_clients_watchdog(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    gateway.admin("silence")
    silent = []
    ib.timeoutEvent += silent.append
    ib.setTimeout(0.6)
    until(ib, lambda: silent, "the time-out")
    with RawClient(gateway.host, gateway.port) as late:
        late.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            late.hello()
    gateway.admin("silence", on=False)
    assert ib.reqCurrentTime()


def test_a_restart_comes_back_half_filled_and_then_whole(gateway: GatewayHandle, connect: Connect):
    ib = connect(gateway)
    lost = []
    ib.disconnectedEvent += lambda: lost.append(True)
    gateway.admin("restart", seconds=0.3, half_filled=True)
    until(ib, lambda: lost, "the disconnection")
    with RawClient(gateway.host, reach(gateway)) as early:
        early.hello()
        early.start(30)
        early.read_until(9)
        early.send(6, 2, 1, ACCOUNT)
        values = {}
        while (fields := early.read())[0] != "54":
            if fields[0] == "6":
                values.setdefault((fields[2], fields[4]), []).append(fields[3])
    assert values["AccountReady", ""] == ["false", "true"]
    zero, whole = values["NetLiquidation", "USD"]
    assert float(zero) == 0
    assert float(whole) > 100_000


def reach(handle: GatewayHandle) -> int:
    """Wait until the gateway listens again; its port."""
    for _ in range(5000):
        try:
            socket.create_connection((handle.host, handle.port), timeout=1).close()
            return handle.port
        except ConnectionRefusedError:
            handle.admin("clients")  # a round trip, so that this does not spin
    raise TimeoutError("the gateway did not come back")


def test_an_omitted_end_is_missed(gateway: GatewayHandle, connect: Connect):
    gateway.admin("omit", ids=[55])
    with pytest.raises((TimeoutError, ConnectionError)):
        connect(gateway, 3, timeout=1)
    gateway.admin("omit")
    assert connect(gateway, 4).isConnected()


def test_the_line_limit_counts_everybodys_lines(tmp_path, connect: Connect):
    from ib_insync import Stock

    with start_gateway(tmp_path, trader=False, line_limit=5) as handle:
        bot, poller = connect(handle, 1), connect(handle, 30)
        contracts = [Stock(s, "SMART", "USD") for s in ("SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA")]
        for contract in contracts[:4]:
            bot.reqMktData(contract)
        tickers = [poller.reqMktData(contract) for contract in contracts[4:]]
        codes = record_errors(poller)
        until(poller, lambda: codes and tickers[0].bid > 0, "the refusal")
        assert codes == [101]
        assert math.isnan(tickers[1].bid)
        bot.cancelMktData(contracts[0])
        until(bot, lambda: handle.admin("clients")["clients"][0]["lines"] == 3, "the line to be free")
        again = poller.reqMktData(Stock("KO", "SMART", "USD"))
        until(poller, lambda: again.bid > 0, "ticks")


def test_delayed_data(gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    gateway.admin("set_market_data_type", type=3)
    ib = connect(gateway)
    codes = record_errors(ib)
    ib.reqMktData(Stock("QQQ", "SMART", "USD"))
    until(ib, lambda: codes, "the refusal")
    assert codes == [10089]
    ib.reqMarketDataType(3)
    ticker = ib.reqMktData(Stock("SPY", "SMART", "USD"))
    until(ib, lambda: ticker.bid > 0, "delayed ticks")
    assert ticker.marketDataType == 3
    assert {tick.tickType for tick in ticker.ticks} <= {66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76}


def test_deposits_move_cash_and_not_the_days_pnl(gateway: GatewayHandle, connect: Connect):
    gateway.admin("halt")
    before = gateway.admin("state")
    gateway.admin("deposit", amount="5000.00")
    after = gateway.admin("state")
    assert Decimal(after["cash"]) == Decimal(before["cash"]) + 5000
    assert Decimal(after["net_liquidation"]) == Decimal(before["net_liquidation"]) + 5000
    assert after["daily"] == before["daily"]


def test_sixty_more_positions(gateway: GatewayHandle, connect: Connect):
    before = len(gateway.admin("state")["positions"])
    con_ids = gateway.admin("add_positions", n=60)["con_ids"]
    assert len(set(con_ids)) == 60
    ib = connect(gateway)
    assert len(ib.portfolio()) == before + 60
    answer = gateway.admin("tick", con_id=con_ids[0])
    assert answer["written"] > 0


def test_the_proxy_breaks_the_wire_in_every_way(gateway: GatewayHandle, connect: Connect):
    with Proxy(gateway.port) as proxy:
        for fault in (proxy.drop, proxy.half_close, proxy.cut):
            ib = connect(proxy, 50)
            lost: list[bool] = []
            ib.disconnectedEvent += lambda lost=lost: lost.append(True)
            fault()
            until(ib, lambda lost=lost: lost, fault.__name__)
            ib.disconnect()
            proxy.resume()
            for _ in range(500):
                if not gateway.admin("clients")["clients"]:
                    break
        ib = connect(proxy, 51)
        proxy.silence()
        silent: list[float] = []
        ib.timeoutEvent += silent.append
        ib.setTimeout(0.5)
        until(ib, lambda: silent, "the time-out")
        assert ib.isConnected()
        assert proxy.connections == 1
        proxy.drop(refuse=True)
        with pytest.raises((ConnectionError, TimeoutError)):
            connect(proxy, 52, timeout=1)
        proxy.resume()
        proxy.delay(0.05)
        assert connect(proxy, 53).reqCurrentTime()
