"""Unmodified ib_insync reads the account, the market and the contracts; what it says is what the world says."""

from __future__ import annotations

import logging
import math
import time
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.gateway.conftest import Connect, until
from tests.support.gateway import GatewayHandle, start_gateway

ACCOUNT = "DU9000001"


def cents(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.01"))


def test_connecting_brings_the_whole_account(quiet_gateway: GatewayHandle, connect: Connect):
    quiet_gateway.admin("halt")
    ib = connect(quiet_gateway)
    truth = quiet_gateway.admin("state")
    quiet_gateway.admin("resume_clock")
    assert ib.managedAccounts() == [ACCOUNT]
    expected = {p["con_id"]: p for p in truth["positions"]}
    assert len(expected) >= 25
    assert {p.contract.conId: p.position for p in ib.positions()} == {c: p["quantity"] for c, p in expected.items()}
    for item in ib.portfolio():
        position = expected.pop(item.contract.conId)
        assert item.position == position["quantity"]
        assert cents(item.marketValue) == Decimal(position["market_value"])
        assert cents(item.unrealizedPNL) == Decimal(position["unrealized"])
        assert item.averageCost == pytest.approx(float(position["average_cost"]), abs=1e-6)
        assert item.marketPrice == pytest.approx(float(position["price"]), abs=1e-9)
        assert item.account == ACCOUNT
        if item.contract.secType == "OPT":
            assert item.contract.multiplier == "100"
            assert item.contract.right in ("C", "P")
    assert not expected
    values = {(v.tag, v.currency): v.value for v in ib.accountValues()}
    assert values["NetLiquidation", "USD"] == truth["net_liquidation"]
    assert values["CashBalance", "BASE"] == values["CashBalance", "USD"] == truth["cash"]
    assert values["InitMarginReq", "USD"] == truth["initial_margin"]
    assert values["AccountReady", ""] == "true"
    for tag in ("AvailableFunds", "ExcessLiquidity", "BuyingPower", "GrossPositionValue", "PostExpirationExcess"):
        assert float(values[tag, "USD"]) >= 0
    assert 0 < float(values["Cushion", ""]) < 1


def test_todays_executions_have_commissions(quiet_gateway: GatewayHandle, connect: Connect):
    ib = connect(quiet_gateway)
    truth = {x["exec_id"]: x for x in quiet_gateway.admin("state")["executions"]}
    assert len(ib.fills()) == len(truth) >= 5
    for fill in ib.fills():
        expected = truth[fill.execution.execId]
        assert fill.execution.price == float(expected["price"])
        assert fill.commissionReport.commission == float(expected["commission"])
        assert fill.execution.orderRef == expected["order_ref"]
        assert fill.execution.time.utcoffset().total_seconds() == 0
    assert any(fill.commissionReport.realizedPNL > 0 for fill in ib.fills())


def test_account_summary_and_its_limit(quiet_gateway: GatewayHandle, connect: Connect):
    ib = connect(quiet_gateway, 31)
    summary = {(v.tag, v.currency): v.value for v in ib.accountSummary()}
    assert float(summary["NetLiquidation", "USD"]) > 100_000
    assert summary["CashBalance", "BASE"] == summary["TotalCashValue", "USD"]
    errors = []
    ib.errorEvent += lambda *error: errors.append(error)
    ib.client.reqAccountSummary(7001, "All", "NetLiquidation")
    ib.client.reqAccountSummary(7002, "All", "NetLiquidation")
    until(ib, lambda: errors, "the refusal")
    assert errors[0][:2] == (7002, 322)


def test_pnl_starts_unknown_and_becomes_known(quiet_gateway: GatewayHandle, connect: Connect):
    ib = connect(quiet_gateway)
    seen = []
    ib.pnlEvent += lambda pnl: seen.append(pnl.dailyPnL)
    pnl = ib.reqPnL(ACCOUNT)
    con_id = ib.positions()[0].contract.conId
    single = ib.reqPnLSingle(ACCOUNT, "", con_id)
    until(ib, lambda: abs(pnl.dailyPnL) < 1e300 and abs(single.dailyPnL) < 1e300, "P&L")
    assert seen[0] > 1e300
    assert single.position == ib.positions()[0].position
    quiet_gateway.admin("halt")
    truth = quiet_gateway.admin("state")
    quiet_gateway.admin("resume_clock")
    assert abs(pnl.unrealizedPnL - float(truth["unrealized"])) < 500
    assert cents(pnl.realizedPnL) == Decimal(truth["realized"])
    ib.cancelPnL(ACCOUNT)
    ib.cancelPnLSingle(ACCOUNT, "", con_id)


def test_quotes_greeks_and_dividends(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Option, Stock

    ib = connect(quiet_gateway)
    stock = Stock("KO", "SMART", "USD")
    ib.qualifyContracts(stock)
    chain = ib.reqSecDefOptParams("KO", "", "STK", stock.conId)[0]
    strike = min(chain.strikes, key=lambda k: abs(k - 71.5))
    put = Option("KO", chain.expirations[5], strike, "P", "SMART")
    ib.qualifyContracts(put)
    shares = ib.reqMktData(stock, "100,101,104,106,456")
    option = ib.reqMktData(put, "100,101,106")
    until(ib, lambda: option.modelGreeks and shares.dividends and not math.isnan(shares.bid), "ticks")
    assert shares.bid < shares.ask
    assert shares.bid <= shares.last <= shares.ask
    assert 40 < shares.close < 110
    assert shares.histVolatility == pytest.approx(0.15)
    assert shares.impliedVolatility > 0
    assert shares.callVolume > 0
    assert shares.dividends.nextDate > date(2020, 1, 1)
    assert shares.dividends.nextAmount == 0.51
    assert shares.dividends.past12Months == pytest.approx(2.04)
    greeks = option.modelGreeks
    assert -1 < greeks.delta < 0
    assert greeks.gamma > 0
    assert 0 < greeks.vega < 1
    assert -1 < greeks.theta < 0
    assert greeks.undPrice == pytest.approx(shares.last, rel=0.02)
    assert option.bid < greeks.optPrice < option.ask
    assert option.bidGreeks.impliedVol < greeks.impliedVol < option.askGreeks.impliedVol
    assert option.putOpenInterest > 0
    assert option.marketDataType == 1
    before = option.modelGreeks
    quiet_gateway.admin("tick", con_id=put.conId)
    until(ib, lambda: option.modelGreeks != before, "a tick")
    ib.cancelMktData(stock)
    ib.cancelMktData(put)


def test_a_snapshot_ends(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    ib = connect(quiet_gateway, 32)
    (ticker,) = ib.reqTickers(Stock("SPY", "SMART", "USD"))
    assert ticker.bid > 0
    assert quiet_gateway.admin("clients")["clients"] == [{"client_id": 32, "lines": 0}]


def test_contract_details_by_parts(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Contract, Option, Stock

    ib = connect(quiet_gateway)
    (stock,) = ib.reqContractDetails(Stock("AAPL", "SMART", "USD"))
    assert stock.longName == "APPLE INC"
    assert stock.timeZoneId == "US/Eastern"
    assert stock.contract.primaryExchange == "NASDAQ"
    chain = ib.reqSecDefOptParams("AAPL", "", "STK", stock.contract.conId)[0]
    assert chain.exchange == "SMART"
    assert chain.tradingClass == "AAPL"
    day, strike = chain.expirations[3], chain.strikes[len(chain.strikes) // 2]
    assert len(ib.reqContractDetails(Option("AAPL", day, strike, "", "SMART"))) == 2
    assert len(ib.reqContractDetails(Option("AAPL", "", strike, "C", "SMART"))) == len(chain.expirations)
    whole = ib.reqContractDetails(Option("AAPL", day, 0, "", "SMART"))
    assert len(whole) == 2 * len(chain.strikes)
    option = whole[0]
    assert option.underConId == stock.contract.conId
    assert option.realExpirationDate == day
    assert ib.reqContractDetails(Contract(conId=option.contract.conId))[0].contract == option.contract
    by_name = ib.reqContractDetails(Contract(localSymbol=option.contract.localSymbol, secType="OPT", exchange="SMART"))
    assert [d.contract.conId for d in by_name] == [option.contract.conId]


def test_the_market_is_open_now(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    (details,) = connect(quiet_gateway).reqContractDetails(Stock("SPY", "SMART", "USD"))
    for sessions in (details.tradingSessions(), details.liquidSessions()):
        assert any(s.start <= datetime.now(s.start.tzinfo) <= s.end for s in sessions)


@pytest.mark.parametrize("symbol", ["NOSUCH", ""])
def test_no_contract_is_error_200(quiet_gateway: GatewayHandle, connect: Connect, symbol: str):
    from ib_insync import Stock

    ib = connect(quiet_gateway)
    codes = []
    ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
    assert ib.reqContractDetails(Stock(symbol, "SMART", "USD")) == []
    assert codes == [200]


@pytest.mark.parametrize(
    ("duration", "size", "least"),
    [("10 D", "1 day", 10), ("1 Y", "1 day", 250), ("5 D", "1 hour", 20), ("6 M", "1 week", 20), ("2 D", "5 mins", 70)],
)
def test_historical_bars(quiet_gateway: GatewayHandle, connect: Connect, duration: str, size: str, least: int):
    from ib_insync import Stock

    ib = connect(quiet_gateway)
    ask = (Stock("MSFT", "SMART", "USD"), "20261120 16:00:00 US/Eastern", duration, size, "TRADES", True)
    bars = ib.reqHistoricalData(*ask)
    assert len(bars) >= least
    assert [bar.date for bar in bars] == sorted({bar.date for bar in bars})
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert list(ib.reqHistoricalData(*ask)) == list(bars)


def test_bars_kept_up_to_date(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    ib = connect(quiet_gateway)
    bars = ib.reqHistoricalData(Stock("SPY", "SMART", "USD"), "", "5 D", "1 day", "TRADES", True, keepUpToDate=True)
    updates = []
    bars.updateEvent += lambda *update: updates.append(update)
    quiet_gateway.admin("set_price", symbol="SPY", price=690.0)
    until(ib, lambda: updates, "an update")
    ib.cancelHistoricalData(bars)


def test_option_bars_are_refused(quiet_gateway: GatewayHandle, connect: Connect):
    ib = connect(quiet_gateway)
    codes = []
    ib.errorEvent += lambda req_id, code, text, contract: codes.append(code)
    option = next(p.contract for p in ib.positions() if p.contract.secType == "OPT")
    option.exchange = "SMART"
    assert list(ib.reqHistoricalData(option, "", "1 D", "1 hour", "TRADES", True)) == []
    assert codes == [162]


def test_small_requests(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import Stock

    ib = connect(quiet_gateway)
    assert abs(ib.reqCurrentTime().timestamp() - time.time()) < 5
    assert ib.reqMatchingSymbols("coca")[0].contract.symbol == "KO"
    assert ib.reqMarketRule(26)[0].increment == 0.01
    assert ib.reqHeadTimeStamp(Stock("KO", "SMART", "USD"), "TRADES", True, 1).year == 2015


def test_a_client_id_in_use(quiet_gateway: GatewayHandle, connect: Connect):
    from ib_insync import IB

    connect(quiet_gateway, 41)
    second = IB()
    errors = []
    second.errorEvent += lambda *error: errors.append(error[1])
    with pytest.raises((TimeoutError, ConnectionError)):
        second.connect(quiet_gateway.host, quiet_gateway.port, clientId=41, timeout=1)
    assert 326 in errors


@pytest.mark.parametrize("version", [157, 158, 160, 163, 164, 170, 176])
def test_every_version_is_read_without_an_error(
    quiet_gateway: GatewayHandle, connect: Connect, caplog: pytest.LogCaptureFixture, version: int
):
    from ib_insync import LimitOrder, Stock

    ib = connect(quiet_gateway, 42, version=version)
    assert ib.client.serverVersion() == version
    (details,) = ib.reqContractDetails(Stock("T", "SMART", "USD"))
    trade = ib.placeOrder(details.contract, LimitOrder("BUY", 1, 1.0, orderRef="versions"))
    until(ib, lambda: trade.orderStatus.status == "Submitted", "Submitted")
    (again,) = [t for t in ib.reqAllOpenOrders() if t.order.permId == trade.order.permId]
    assert again.order.lmtPrice == 1.0
    ib.cancelOrder(trade.order)
    until(ib, lambda: trade.isDone(), "the cancellation")
    completed = [t for t in ib.reqCompletedOrders(False) if t.order.permId == trade.order.permId]
    assert completed[0].orderStatus.status == "Cancelled"
    assert completed[0].order.orderRef == "versions"
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_several_accounts(tmp_path, connect: Connect):
    with start_gateway(tmp_path, trader=False, accounts=["DU1", "DU2"]) as handle:
        ib = connect(handle, 5, account="DU2")
        assert ib.managedAccounts() == ["DU1", "DU2"]
        assert {p.account for p in ib.positions()} == {"DU1", "DU2"}
        assert {p.account for p in ib.portfolio()} == {"DU2"}
        truth = {name: handle.admin("state", account=name) for name in ("DU1", "DU2")}
        assert truth["DU1"]["net_liquidation"] != truth["DU2"]["net_liquidation"]
        assert {v.account for v in ib.accountSummary()} == {"DU1", "DU2"}
        errors = []
        ib.errorEvent += lambda *error: errors.append(error[1])
        ib.client.reqPnL(9001, "DU3", "")
        until(ib, lambda: errors, "the refusal")
        assert errors == [321]


def test_real_hours_are_announced(tmp_path, connect: Connect):
    from ib_insync import Stock

    with start_gateway(tmp_path, trader=False, hours="real") as handle:
        (details,) = connect(handle, 5).reqContractDetails(Stock("SPY", "SMART", "USD"))
    sessions = details.tradingHours.split(";")
    assert len(sessions) == 6
    assert any(text.endswith(":CLOSED") for text in sessions)  # six days hold a weekend
    assert all(text.endswith(("CLOSED", ":2000", ":1700")) for text in sessions)
