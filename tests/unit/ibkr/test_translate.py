"""The broker's wire objects as records: what is not known, what is not summed, what is a booking."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ibkr import translate
from data.model import Contract, Execution, ExecutionKind, PriceBar, Source

UNSET = 1.7976931348623157e308
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def wire_contract(**changes: Any) -> SimpleNamespace:
    fields = {
        "conId": 1, "symbol": "KO", "secType": "OPT", "lastTradeDateOrContractMonth": "20261218", "strike": 70.0,
        "right": "P", "multiplier": "100", "exchange": "SMART", "primaryExchange": "", "currency": "USD",
        "localSymbol": "KO    261218P00070000", "tradingClass": "KO",
    }  # fmt: skip
    return SimpleNamespace(**{**fields, **changes})


# -- numbers


@pytest.mark.parametrize("value", [UNSET, -UNSET, 1e301, math.nan, math.inf, None])
def test_what_is_not_known_is_none(value: float | None):
    assert translate.known(value) is None
    assert translate.price(value) is None
    assert translate.decimal(value) is None


def test_minus_one_is_no_price_but_may_be_money():
    assert translate.price(-1.0) is None
    assert translate.price(0.0) == 0.0
    assert translate.known(-1.0) == -1.0


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False))
def test_money_is_what_stood_on_the_wire(printed: Decimal):
    assert translate.decimal(float(printed)) == printed


# -- contracts


def test_an_option():
    assert translate.contract(wire_contract()) == Contract(
        con_id=1, symbol="KO", local_symbol="KO    261218P00070000", sec_type="OPT", currency="USD",
        trading_class="KO", exchange="SMART", expiry=date(2026, 12, 18), strike=70.0, right="P", multiplier=100.0,
    )  # fmt: skip


@pytest.mark.parametrize("right", ["0", "?", "", None])
def test_a_stock_has_no_right_no_strike_and_a_multiplier_of_one(right: str | None):
    found = translate.contract(
        wire_contract(secType="STK", right=right, strike=0.0, multiplier="", lastTradeDateOrContractMonth="")
    )
    assert (found.right, found.strike, found.multiplier, found.expiry) == (None, None, 1.0, None)


@pytest.mark.parametrize(
    ("text", "day"),
    [("20261218", date(2026, 12, 18)), ("20261218 08:30:00 US/Central", date(2026, 12, 18)), ("202612", None), ("", None),
     ("20261399", None)],
)  # fmt: skip
def test_expiries(text: str, day: date | None):
    assert translate.expiry(text) == day


def test_combinations_have_ids_of_their_own():
    one, other = (translate.contract(wire_contract(secType="BAG", conId=28812380, symbol=s)) for s in ("KO", "SPY"))
    assert one.con_id != other.con_id  # the broker has one id for both
    assert one.con_id < 0
    assert other.con_id < 0


# -- Greeks


def computation(**changes: Any) -> SimpleNamespace:
    fields = {"delta": -0.2, "gamma": 0.03, "theta": -0.05, "vega": 0.1, "impliedVol": 0.25, "undPrice": 70.0}
    return SimpleNamespace(**{**fields, **changes})


def test_greeks_without_sentinels():
    assert translate.greeks(computation()) == translate.Greeks(-0.2, 0.03, -0.05, 0.1, 0.25, 70.0)
    found = translate.greeks(computation(delta=-2, gamma=-2, theta=-2, vega=-2, impliedVol=-1))
    assert found == translate.Greeks(None, None, None, None, None, 70.0)
    nothing = computation(delta=None, gamma=UNSET, theta=math.nan, vega=-2, impliedVol=-1, undPrice=-1)
    assert translate.greeks(nothing) is None


# -- account values

VALUES = {
    ("NetLiquidation", "EUR"): "100000.50", ("TotalCashValue", "EUR"): "1000", ("AvailableFunds", "EUR"): "",
    ("NetLiquidation", "BASE"): "999", ("TotalCashBalance", "USD"): "5", ("Cushion", ""): "0.4",
    ("UnrealizedPnL", "BASE"): "7", ("UnrealizedPnL", "EUR"): "3", ("UnrealizedPnL", "USD"): "4",
    ("InitMarginReq", "EUR"): "1.7976931348623157E308",
}  # fmt: skip


def test_base_rows_are_never_added():
    found = translate.portfolio("DU1", VALUES, None, NOW)
    assert (found.currency, found.net_liquidation, found.cash, found.cushion) == ("EUR", 100000.5, 1000.0, 0.4)
    assert found.available_funds is None
    assert found.initial_margin is None
    assert found.buying_power is None
    assert found.unrealized_pnl == 7  # the ledger's sum, not one currency's part
    assert found.daily_pnl is None


def test_the_brokers_margin_to_come():
    told = {
        ("PostExpirationMargin", "EUR"): "0.00", ("PostExpirationExcess", "EUR"): "41200.5", ("PostExpirationExcess", "USD"): "1",
        ("LookAheadExcessLiquidity", "EUR"): "1.7976931348623157E308", ("LookAheadNextChange", ""): "1773349200",
    }  # fmt: skip
    found = translate.portfolio("DU1", VALUES | told, None, NOW)
    assert (found.post_expiration_margin, found.post_expiration_excess) == (0.0, 41200.5)
    assert (found.look_ahead_excess_liquidity, found.look_ahead_initial_margin) == (None, None)
    assert found.look_ahead_next_change == datetime(2026, 3, 12, 21, tzinfo=UTC)
    none_near = translate.portfolio("DU1", VALUES | {("LookAheadNextChange", ""): "0"}, None, NOW)
    assert none_near.look_ahead_next_change is None


def test_pnl_until_it_is_computed():
    pnl = SimpleNamespace(dailyPnL=UNSET, unrealizedPnL=UNSET, realizedPnL=0.0)
    found = translate.portfolio("DU1", VALUES, pnl, NOW)
    assert (found.daily_pnl, found.unrealized_pnl, found.realized_pnl) == (None, 7.0, 0.0)


def test_the_base_among_several_currencies():
    values = {
        ("NetLiquidation", "EUR"): "5", ("NetLiquidation", "USD"): "6",
        ("ExchangeRate", "EUR"): "1.00", ("ExchangeRate", "USD"): "0.92",
    }  # fmt: skip
    assert translate.base_currency(values) == "EUR"
    assert translate.base_currency({}) is None


# -- executions


@pytest.mark.parametrize(
    ("exec_id", "base", "revision"),
    [("0000e0d5.6560f0a1.01.01", "0000e0d5.6560f0a1.01", 1), ("0000e0d5.6560f0a1.01.02", "0000e0d5.6560f0a1.01", 2),
     ("plain", "plain", 0), ("a.b", "a.b", 0)],
)  # fmt: skip
def test_corrections(exec_id: str, base: str, revision: int):
    assert translate.split_exec_id(exec_id) == (base, revision)


def fill(contract: Any = None, report: Any = None, **changes: Any) -> SimpleNamespace:
    fields = {
        "execId": "e.1.01", "acctNumber": "DU1", "time": NOW, "side": "SLD", "shares": 3.0, "price": 0.1, "orderId": 5,
        "permId": 99, "clientId": 7, "orderRef": "", "exchange": "CBOE",
    }  # fmt: skip
    none_yet = SimpleNamespace(execId="", commission=0.0, currency="", realizedPNL=0.0)
    return SimpleNamespace(
        contract=contract or wire_contract(), execution=SimpleNamespace(**{**fields, **changes}),
        commissionReport=report or none_yet,
    )  # fmt: skip


def test_a_fill_before_its_commission_and_after():
    found = translate.execution(fill())
    assert (found.quantity, found.price, found.commission, found.realized_pnl) == (3, Decimal("0.1"), None, None)
    report = SimpleNamespace(execId="e.1.01", commission=1.05, currency="USD", realizedPNL=math.nan)
    found = translate.execution(fill(report=report))
    assert (found.commission, found.commission_currency, found.realized_pnl) == (Decimal("1.05"), "USD", None)


@pytest.mark.parametrize("order_id", [0, -5, 2147483647])
def test_manual_orders_have_their_perm_id_only(order_id: int):
    found = translate.execution(fill(orderId=order_id))
    assert (found.order_id, found.perm_id) == (None, 99)


def test_a_combination_is_marked_so_that_its_money_is_not_counted_twice():
    assert translate.execution(fill(wire_contract(secType="BAG"))).kind is ExecutionKind.COMBO


def booking(contract: Any, **changes: Any) -> Execution:
    return translate.execution(fill(contract, orderId=0, permId=0, price=0.0, shares=1.0, **changes))


PUT = wire_contract()
SHARES = wire_contract(conId=2, secType="STK", right="0", strike=0.0, multiplier="", lastTradeDateOrContractMonth="")
LAST_DAY = datetime(2026, 12, 18, 22, 0, tzinfo=UTC)


def test_an_option_at_nothing_with_shares_at_its_strike_is_an_assignment():
    option = booking(PUT, side="BOT", execId="a.1.01")
    shares = replace(booking(SHARES, side="BOT", execId="b.1.01"), price=Decimal(70), quantity=Decimal(100))
    assert [x.kind for x in translate.classify([option, shares])] == [ExecutionKind.ASSIGNMENT] * 2
    long = replace(option, side="SLD")
    assert [x.kind for x in translate.classify([shares, long])] == [ExecutionKind.EXERCISE] * 2


def test_an_option_at_nothing_alone_is_an_expiry_on_its_last_day_only():
    assert translate.classify([booking(PUT, time=LAST_DAY)])[0].kind is ExecutionKind.EXPIRY
    assert translate.classify([booking(PUT)])[0].kind is ExecutionKind.TRADE


def test_a_leg_that_was_traded_at_nothing_stays_a_trade():
    assert translate.classify([translate.execution(fill(PUT, price=0.0, time=LAST_DAY))])[0].kind is ExecutionKind.TRADE


# -- orders


def trade(**changes: Any) -> SimpleNamespace:
    order = {
        "permId": 9, "account": "", "action": "SELL", "orderType": "LMT", "totalQuantity": 2.0, "orderId": 4,
        "clientId": 7, "orderRef": "wheel", "lmtPrice": 1.05, "auxPrice": UNSET, "tif": "DAY",
    }  # fmt: skip
    status = SimpleNamespace(permId=0, status="Submitted", filled=0.0, remaining=2.0, avgFillPrice=0.0)
    return SimpleNamespace(contract=wire_contract(), order=SimpleNamespace(**{**order, **changes}), orderStatus=status)


def test_an_order():
    found = translate.order("DU1", trade(), NOW)
    assert found is not None
    assert (found.account, found.perm_id, found.limit_price, found.stop_price) == ("DU1", 9, 1.05, None)
    assert (found.quantity, found.remaining, found.avg_fill_price) == (2, 2, None)
    market = translate.order("DU1", trade(orderType="MKT", lmtPrice=0.0), NOW)
    assert market is not None
    assert market.limit_price is None
    assert translate.order("DU1", trade(permId=0), NOW) is None


# -- bars


def wire_bar(at: object, *prices: float, volume: float = 100.0) -> SimpleNamespace:
    open_, high, low, close = prices or (10.0, 11.0, 9.0, 10.5)
    return SimpleNamespace(date=at, open=open_, high=high, low=low, close=close, volume=volume)


def test_a_day_bar_starts_at_midnight_utc_of_its_date_and_others_at_their_instant():
    found = translate.bars([wire_bar(date(2026, 11, 23)), wire_bar(NOW)], "trades", NOW)
    assert [bar.ts for bar in found] == [datetime(2026, 11, 23, tzinfo=UTC), NOW]
    assert found[0] == PriceBar(datetime(2026, 11, 23, tzinfo=UTC), 10.0, 11.0, 9.0, 10.5, 100.0)


@pytest.mark.parametrize("bad", [-1.0, 0.0, UNSET, math.nan])
def test_a_bar_that_lacks_a_price_is_left_out(bad: float):
    assert translate.bars([wire_bar(NOW, 10.0, bad, 9.0, 10.0)], "trades", NOW) == ()


def test_bars_of_the_future_are_left_out_and_a_start_comes_once_the_later_one_wins():
    later, last = NOW + timedelta(days=2), wire_bar(NOW, 1.0, 1.0, 1.0, 1.0)
    found = translate.bars([wire_bar(later), wire_bar(NOW), wire_bar(NOW - timedelta(minutes=1)), last], "trades", NOW)
    assert [(bar.ts, bar.close) for bar in found] == [(NOW - timedelta(minutes=1), 10.5), (NOW, 1.0)]


def test_no_volume_is_none():
    assert translate.bars([wire_bar(NOW, volume=-1)], "trades", NOW)[0].volume is None
    assert translate.bars([wire_bar(NOW, volume=0)], "trades", NOW)[0].volume == 0
    assert translate.bars([wire_bar(NOW, volume=5)], "implied_vol", NOW)[0].volume is None


def test_paper_accounts_are_known_by_their_ids():
    assert translate.source_of("DU123") is translate.source_of("df9") is Source.PAPER
    assert translate.source_of("U123") is Source.LIVE
