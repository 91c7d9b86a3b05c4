"""The assignment ladder, free cash, and the lines of today."""

from __future__ import annotations

from typing import Any

from data.analytics.obligations import expiries, free_cash, near_cash
from data.analytics.positions import derived
from data.analytics.today import Cash, lines, unknown
from data.risk_views import RiskOptions
from data.views import PositionView
from tests.unit.analytics.test_positions import TODAY, row

OPTIONS = RiskOptions()


def held(con_id: int = 1, **values: Any) -> PositionView:
    found = row(con_id=con_id, currency="USD", market_value=-120.0, **values)
    found["local_symbol"] = f"{found['symbol']} {found['right']}"
    view: Any = found | derived(found, TODAY)
    return view | {"expiry": found["expiry"] and found["expiry"].isoformat()}  # type: ignore[no-any-return]


def shares(quantity: float) -> PositionView:
    return held(9, sec_type="STK", expiry=None, strike=None, right=None, multiplier=1.0, quantity=quantity)


def test_only_whole_contracts_are_covered() -> None:
    [found] = expiries([held(), held(2, right="C"), held(3, right="C", strike=65.0, quantity=-1.0), shares(150.0)])
    assert (found["expiry"], found["week"], found["dte"], found["contracts"]) == ("2026-03-20", "2026-03-16", 11, 5)
    assert (found["notional"], found["premium_at_risk"]) == (12_000 + 12_000 + 6_500, 360)
    assert found["all_assigned"] == {
        "cash": 12_000.0,
        "shares": [{"symbol": "KO", "needed": 300.0, "held": 150.0, "contracts": 3.0, "covered": 1}],
    }
    assert found["in_the_money"]["cash"] == 0
    assert [each["needed"] for each in found["in_the_money"]["shares"]] == [200.0]


def test_an_index_settles_in_cash_and_what_is_adjusted_is_said() -> None:
    index = held(symbol="XSP", trading_class="XSP", strike=650.0, underlying_price=640.0, quantity=-1.0)
    adjusted = held(2, trading_class="KO1", quantity=-3.0)
    no_price = held(3, underlying_price=None, quantity=-1.0)
    [found] = expiries([index, adjusted, no_price])
    assert (found["all_assigned"]["cash"], found["in_the_money"]["cash"]) == (1_000 + 6_000, 1_000)
    assert found["uncertain"] == 4
    assert free_cash(10_000.0, "USD", [index]) == 10_000
    assert free_cash(10_000.0, "USD", [adjusted]) is None
    assert free_cash(10_000.0, "EUR", [held()]) is None
    assert free_cash(None, "USD", []) is None


def test_today_begins_with_what_is_most_urgent() -> None:
    deep = held(3, expiry=TODAY, underlying_price=40.0, market_price=20.0, unrealized_pnl=-3_000.0)
    found = lines(
        [held(1), held(2, unrealized_pnl=10.0), deep, held(4, quantity=1.0)], [], Cash(-500.0), [], 1, OPTIONS
    )
    assert [(line["kind"], line["urgency"], line["con_id"]) for line in found] == [
        ("free_cash", "now", None),
        ("expiring", "now", 3),
        ("early_assignment", "soon", 3),
        ("breaks", "soon", None),
        ("target", "watch", 1),
        ("dte", "watch", 2),
        ("dte", "watch", 3),
    ]
    assert lines([], [], Cash(0.0), [], None, OPTIONS) == []


def test_a_call_whose_dividend_is_unknown_is_not_passed_over() -> None:
    assert [
        line["kind"] for line in lines([held(right="C", unrealized_pnl=0.0)], [], Cash(None), [], None, OPTIONS)
    ] == [
        "early_assignment",
        "dte",
    ]


def test_the_settings_say_when_a_short_is_listed() -> None:
    kept = held(unrealized_pnl=100.0)  # a third of its premium, 11 days left
    assert [line["kind"] for line in lines([kept], [], Cash(0.0), [], 0, RiskOptions(30.0))] == ["target"]
    assert [line["kind"] for line in lines([kept], [], Cash(0.0), [], 0, RiskOptions(50.0, 11))] == ["dte"]
    assert lines([kept], [], Cash(0.0), [], 0, RiskOptions(50.0, 10)) == []


def test_near_cash_is_not_free_cash_but_is_said() -> None:
    fund = held(7, symbol="SGOV", sec_type="STK", expiry=None, strike=None, right=None, multiplier=1.0, quantity=300.0)
    fund["market_value"] = 30_150.0
    assert near_cash("USD", OPTIONS.cash_funds, [fund, shares(100.0)]) == 30_150
    assert near_cash("USD", frozenset(), [fund]) == 0
    assert near_cash("EUR", OPTIONS.cash_funds, [fund]) == 0
    [line] = lines([], [], Cash(-500.0, 30_150.0), [], 0, OPTIONS)
    assert (line["urgency"], "30,150.00 in cash funds" in line["text"]) == ("soon", True)
    [line] = lines([], [], Cash(-50_000.0, 30_150.0), [], 0, OPTIONS)
    assert line["urgency"] == "now"
    fund["market_value"] = None
    assert near_cash("USD", OPTIONS.cash_funds, [fund]) is None


def test_what_cannot_be_known_is_said() -> None:
    priceless = [held(n, underlying_price=None) for n in range(1, 8)]
    [prices, statements] = unknown(priceless, Cash(0.0), None)
    assert prices.endswith(": " + ", ".join(["KO 20 Mar 26 60 P"] * 5) + " and 2 more.")
    assert "no statement" in statements
    assert unknown([held(market_price=None)], Cash(0.0), 0) != []
    assert unknown([held(), held(2, quantity=1.0, market_price=None)], Cash(0.0), 0) == []
