"""How pushes from several sources become one record: which source is believed when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from data.ibkr.book import Book
from tests.unit.ibkr.test_translate import computation, wire_contract

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
UNSET = 1.7976931348623157e308


def later(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def value(tag: str, text: str, currency: str = "USD", **changes: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{"account": "DU1", "tag": tag, "value": text, "currency": currency, "modelCode": "", **changes}
    )


def position(quantity: float, **changes: Any) -> SimpleNamespace:
    fields = {"account": "DU1", "contract": wire_contract(), "position": quantity, "avgCost": 150.0}
    return SimpleNamespace(**{**fields, **changes})


def item(quantity: float, price: float, unrealized: float = 10.0, realized: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(
        account="DU1", contract=wire_contract(), position=quantity, marketPrice=price,
        marketValue=price * quantity * 100, averageCost=150.0, unrealizedPNL=unrealized, realizedPNL=realized,
    )  # fmt: skip


def single(quantity: float, worth: float, daily: float = 1.0, unrealized: float = 2.0) -> SimpleNamespace:
    return SimpleNamespace(
        account="DU1", modelCode="", conId=1, position=quantity, value=worth, dailyPnL=daily, unrealizedPnL=unrealized,
        realizedPnL=0.0,
    )  # fmt: skip


def book(quantity: float = -2.0) -> Book:
    made = Book("DU1")
    made.on_value(value("NetLiquidation", "1000"), NOW)
    made.on_position(position(quantity), NOW)
    return made


def test_the_live_figures_win_over_those_of_three_minutes_ago():
    made = book()
    made.on_item(item(-2, 1.40), NOW)
    assert made.position(1).market_price == 1.40
    made.on_pnl_single(single(-2, -290.0), later(1))
    found = made.position(1)
    assert (found.market_price, found.market_value, found.unrealized_pnl, found.daily_pnl) == (1.45, -290.0, 2.0, 1.0)
    assert found.as_of == later(1)


def test_figures_of_another_quantity_are_not_shown_beside_this_one():
    made = book()
    made.on_pnl_single(single(-2, -290.0), NOW)
    made.on_position(position(-3), later(1))
    found = made.position(1)
    assert (found.quantity, found.market_price, found.market_value, found.unrealized_pnl) == (-3, None, None, None)
    made.on_item(item(-3, 1.5), later(2))
    assert made.position(1).market_value == -450.0


def test_sentinels_are_no_datum():
    made = book()
    made.changed.clear()
    made.on_pnl_single(single(0, UNSET, UNSET, UNSET), later(5))
    assert not made.changed
    found = made.position(1)
    assert (found.daily_pnl, found.market_value, found.as_of) == (None, None, NOW)
    made.portfolio_changed = False
    made.on_pnl(
        SimpleNamespace(account="DU1", modelCode="", dailyPnL=UNSET, unrealizedPnL=UNSET, realizedPnL=UNSET), later(5)
    )
    assert not made.portfolio_changed
    assert made.portfolio(later(9)).as_of == NOW


def test_greeks_carry_their_own_time():
    made = book()
    made.on_greeks(1, computation(), later(3))
    made.on_item(item(-2, 1.4), later(60))
    found = made.position(1)
    assert (found.delta, found.greeks_as_of, found.as_of) == (-0.2, later(3), later(60))


def test_a_closed_position_keeps_what_it_realized():
    made = book()
    made.on_item(item(0, 1.4, unrealized=0.0, realized=120.0), later(1))
    found = made.position(1)
    assert (found.quantity, found.realized_pnl, found.market_value, found.avg_cost) == (0, 120.0, None, None)
    assert made.held == frozenset()


def test_other_accounts_and_models_are_not_ours():
    made = book()
    made.on_position(position(9, account="DU2"), NOW)
    made.on_value(value("NetLiquidation", "5", account="DU2"), NOW)
    made.on_value(value("NetLiquidation", "6", modelCode="growth"), NOW)
    assert made.position(1).quantity == -2
    assert made.portfolio(NOW).net_liquidation == 1000


def test_a_foreign_contract_is_valued_in_its_own_currency():
    made = Book("DU1")
    made.on_value(value("NetLiquidation", "1000", "EUR"), NOW)
    made.on_position(position(-2), NOW)
    made.on_pnl_single(single(-2, -250.0), NOW)  # perhaps in EUR
    assert made.position(1).market_value is None
    made.on_item(item(-2, 1.4), NOW)
    assert made.position(1).market_value == -280.0
    assert made.position(1).daily_pnl is None


def test_whole_means_all_of_the_sums():
    made = book()
    assert not made.is_complete
    for tag in ("TotalCashValue", "ExcessLiquidity", "MaintMarginReq"):
        made.on_value(value(tag, "5"), NOW)
    assert made.is_complete
    made.on_value(value("AccountReady", "false", ""), NOW)
    assert not made.is_complete
    assert not made.is_ready


def test_what_a_complete_list_leaves_out_is_closed_unless_it_just_moved():
    made = book()
    made.close_unlisted([1], later(1))
    made.close_unlisted([], NOW - timedelta(seconds=1))  # told since the list was asked for
    assert made.held == {1}
    made.close_unlisted([], later(1))
    assert made.held == frozenset()
    assert made.changed == {1}
