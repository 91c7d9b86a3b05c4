"""Orders through unmodified ib_insync: states, fills, combinations, what-if, and who is told of what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.conftest import Connect, until
from tests.support.gateway import GatewayHandle


def listed_put(ib: Any, symbol: str = "DIS", place: int = 4, moneyness: float = 0.97) -> Any:
    from ib_insync import Option, Stock

    stock = Stock(symbol, "SMART", "USD")
    ib.qualifyContracts(stock)
    chain = ib.reqSecDefOptParams(symbol, "", "STK", stock.conId)[0]
    spot = {"DIS": 108.0, "KO": 71.5}[symbol]
    strike = min(chain.strikes, key=lambda k: abs(k - spot * moneyness))
    option = Option(symbol, chain.expirations[place], strike, "P", "SMART")
    ib.qualifyContracts(option)
    return option


def record_errors(ib: Any) -> list[tuple[int, int]]:
    errors: list[tuple[int, int]] = []
    ib.errorEvent += lambda req_id, code, text, contract: errors.append((req_id, code))
    return errors


def test_an_order_fills_in_parts_and_the_books_follow(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    ib = connect(gateway, 1)
    option = listed_put(ib)
    cash = Decimal(gateway.admin("state")["cash"])
    trade = ib.placeOrder(option, LimitOrder("SELL", 7, 0.05, orderRef="wheel:DIS"))
    until(ib, trade.isDone, "the fill")
    seen = list(dict.fromkeys(entry.status for entry in trade.log))
    assert seen == ["PendingSubmit", "PreSubmitted", "Submitted", "Filled"]
    until(ib, lambda: all(f.commissionReport.commission for f in trade.fills), "commissions")
    assert [f.execution.shares for f in trade.fills] == [5, 2]
    assert [f.execution.cumQty for f in trade.fills] == [5, 7]
    assert trade.orderStatus.filled == 7
    assert trade.orderStatus.remaining == 0
    assert trade.fills[0].execution.orderRef == "wheel:DIS"
    money = sum(Decimal(str(f.execution.price)) * int(f.execution.shares) * 100 for f in trade.fills)
    fees = sum(Decimal(str(f.commissionReport.commission)) for f in trade.fills)
    truth = gateway.admin("state")
    assert Decimal(truth["cash"]) == cash + money - fees
    (position,) = [p for p in truth["positions"] if p["con_id"] == option.conId]
    assert position["quantity"] == -7
    assert Decimal(position["average_cost"]) * 7 == money - fees
    until(ib, lambda: [p for p in ib.positions() if p.contract.conId == option.conId], "the position")
    (held,) = [p for p in ib.portfolio() if p.contract.conId == option.conId]
    assert held.averageCost == pytest.approx(float(position["average_cost"]), abs=1e-6)


def test_a_cancelled_order(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    ib = connect(gateway, 1)
    errors = record_errors(ib)
    trade = ib.placeOrder(listed_put(ib), LimitOrder("SELL", 1, 90.0))
    until(ib, lambda: trade.orderStatus.status == "Submitted", "Submitted")
    assert [t.order.permId for t in ib.reqOpenOrders()] == [trade.order.permId]
    ib.cancelOrder(trade.order)
    until(ib, lambda: trade.orderStatus.status == "Cancelled" and errors, "the cancellation")
    assert errors == [(trade.order.orderId, 202)]
    assert ib.reqOpenOrders() == []
    assert trade.order.permId in {t.order.permId for t in ib.reqCompletedOrders(False)}
    ib.cancelOrder(trade.order)
    until(ib, lambda: len(errors) == 2, "the refusal")
    assert errors[1][1] == 161


def test_a_changed_order(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    ib = connect(gateway, 1)
    order = LimitOrder("SELL", 2, 90.0)
    option = listed_put(ib)
    trade = ib.placeOrder(option, order)
    until(ib, lambda: trade.orderStatus.status == "Submitted", "Submitted")
    order.lmtPrice = 0.05
    ib.placeOrder(option, order)
    until(ib, trade.isDone, "the fill")
    assert trade.orderStatus.status == "Filled"
    assert trade.orderStatus.avgFillPrice >= 0.05


def test_a_roll_is_one_order_with_two_legs(gateway: GatewayHandle, connect: Connect):
    from ib_insync import ComboLeg, Contract, LimitOrder, MarketOrder

    ib = connect(gateway, 1)
    near, far = listed_put(ib, place=3), listed_put(ib, place=6, moneyness=0.95)
    opening = ib.placeOrder(near, MarketOrder("SELL", 1))
    until(ib, opening.isDone, "the opening")
    legs = [
        ComboLeg(conId=near.conId, ratio=1, action="BUY", exchange="SMART"),
        ComboLeg(conId=far.conId, ratio=1, action="SELL", exchange="SMART"),
    ]
    bag = Contract(secType="BAG", symbol="DIS", exchange="SMART", currency="USD", comboLegs=legs)
    trade = ib.placeOrder(bag, LimitOrder("BUY", 1, 9.0))
    until(ib, lambda: trade.isDone() and len(trade.fills) == 3, "the roll")
    summary, first, second = trade.fills
    assert summary.contract.secType == "BAG"
    assert (first.contract.conId, second.contract.conId) == (near.conId, far.conId)
    assert (first.execution.side, second.execution.side) == ("BOT", "SLD")
    assert first.execution.price - second.execution.price == pytest.approx(summary.execution.price, abs=1e-9)
    assert first.commissionReport.realizedPNL != 0
    held = {p["con_id"]: p["quantity"] for p in gateway.admin("state")["positions"]}
    assert near.conId not in held
    assert held[far.conId] == -1


def test_a_working_roll_keeps_its_legs(gateway: GatewayHandle, connect: Connect):
    from ib_insync import ComboLeg, Contract, LimitOrder, TagValue

    ib = connect(gateway, 1)
    near, far = listed_put(ib, place=3), listed_put(ib, place=6)
    legs = [ComboLeg(conId=near.conId, ratio=1, action="SELL"), ComboLeg(conId=far.conId, ratio=2, action="BUY")]
    bag = Contract(secType="BAG", symbol="DIS", exchange="SMART", currency="USD", comboLegs=legs)
    order = LimitOrder("BUY", 1, -80.0, algoStrategy="Adaptive", algoParams=[TagValue("adaptivePriority", "Patient")])
    ib.placeOrder(bag, order)
    other = connect(gateway, 2)
    (seen,) = other.reqAllOpenOrders()
    assert [(leg.conId, leg.ratio, leg.action) for leg in seen.contract.comboLegs] == [
        (near.conId, 1, "SELL"),
        (far.conId, 2, "BUY"),
    ]
    assert seen.order.lmtPrice == -80.0
    assert seen.order.algoStrategy == "Adaptive"
    assert [(p.tag, p.value) for p in seen.order.algoParams] == [("adaptivePriority", "Patient")]


def test_what_if_tells_margin_and_commission_and_places_nothing(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    ib = connect(gateway, 1)
    option = listed_put(ib)
    before = gateway.admin("state")
    state = ib.whatIfOrder(option, LimitOrder("SELL", 2, 1.0))
    assert state.status == "PreSubmitted"
    assert state.commission == pytest.approx(1.30)
    assert float(state.initMarginChange) > 2000
    assert float(state.initMarginAfter) == pytest.approx(
        float(state.initMarginBefore) + float(state.initMarginChange), abs=0.01
    )
    after = gateway.admin("state")
    assert (after["cash"], after["open_orders"]) == (before["cash"], before["open_orders"])


@pytest.mark.parametrize(
    ("quantity", "price", "kind", "code"),
    [
        (1, 1.234, "LMT", 110),
        (900, 0.05, "LMT", 201),
        (1, 1.0, "TRAIL", 387),
        (0, 1.0, "LMT", 321),
    ],
)
def test_refused_orders(gateway: GatewayHandle, connect: Connect, quantity: int, price: float, kind: str, code: int):
    from ib_insync import Order

    ib = connect(gateway, 1)
    errors = record_errors(ib)
    trade = ib.placeOrder(listed_put(ib), Order(action="SELL", totalQuantity=quantity, orderType=kind, lmtPrice=price))
    until(ib, lambda: errors, "the refusal")
    assert errors == [(trade.order.orderId, code)]
    assert gateway.admin("state")["open_orders"] == []


def test_an_order_that_is_not_transmitted_waits_for_its_child(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    ib = connect(gateway, 1)
    option = listed_put(ib)
    parent = ib.placeOrder(option, LimitOrder("SELL", 1, 0.05, orderId=ib.client.getReqId(), transmit=False))
    watched = ib.placeOrder(listed_put(ib, "KO"), LimitOrder("SELL", 1, 0.05))
    until(ib, watched.isDone, "an order placed later")
    assert parent.orderStatus.status == "PreSubmitted"
    child = ib.placeOrder(option, LimitOrder("BUY", 1, 0.01, parentId=parent.order.orderId, transmit=True))
    until(ib, parent.isDone, "the parent's fill")
    assert not child.isDone()


def test_a_master_sees_everybody_and_others_only_themselves(gateway: GatewayHandle, connect: Connect):
    from ib_insync import LimitOrder

    bot, other, master = connect(gateway, 1), connect(gateway, 2), connect(gateway, 30)
    before = len(master.fills())
    assert other.fills() == []
    trade = bot.placeOrder(listed_put(bot), LimitOrder("SELL", 1, 0.05, orderRef="wheel:DIS"))
    until(bot, trade.isDone, "the fill")
    until(master, lambda: len(master.fills()) == before + 1 and master.fills()[-1].commissionReport.execId, "the fill")
    fill = master.fills()[-1]
    assert (fill.execution.clientId, fill.execution.orderRef) == (1, "wheel:DIS")
    assert trade.order.permId in {t.order.permId for t in master.trades()}
    until(other, lambda: [p for p in other.positions() if p.contract.conId == trade.contract.conId], "the position")
    assert other.reqExecutions() == []
    assert len(bot.reqExecutions()) == 1
    # Another client's order cannot be cancelled.
    errors = record_errors(other)
    waiting = bot.placeOrder(trade.contract, LimitOrder("SELL", 1, 90.0))
    until(bot, lambda: waiting.orderStatus.status == "Submitted", "Submitted")
    other.client.cancelOrder(waiting.order.orderId)
    until(other, lambda: errors, "the refusal")
    assert errors[0][1] == 10147
    other.reqGlobalCancel()
    until(bot, waiting.isDone, "the global cancel")


def test_executions_can_be_filtered(gateway: GatewayHandle, connect: Connect):
    from ib_insync import ExecutionFilter

    ib = connect(gateway, 30)
    everything = ib.reqExecutions()
    assert {f.contract.symbol for f in ib.reqExecutions(ExecutionFilter(symbol="XLE"))} == {"XLE"}
    assert {f.execution.side for f in ib.reqExecutions(ExecutionFilter(side="SELL"))} == {"SLD"}
    assert {f.contract.secType for f in ib.reqExecutions(ExecutionFilter(secType="STK"))} == {"STK"}
    assert ib.reqExecutions(ExecutionFilter(acctCode="DU0")) == []
    latest = max(f.execution.time for f in everything)
    assert ib.reqExecutions(ExecutionFilter(time="21000101 00:00:00")) == []
    assert latest in {f.execution.time for f in ib.reqExecutions(ExecutionFilter(clientId=11))}
