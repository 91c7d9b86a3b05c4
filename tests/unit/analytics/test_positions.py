"""The computed columns of a position: by hand, and over random contracts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.analytics.positions import derived

TODAY = date(2026, 3, 9)
AS_OF = datetime(2026, 3, 9, 20, tzinfo=UTC)  # 16:00 in New York


def row(**values: Any) -> dict[str, Any]:
    """A short put on KO, 11 days from its expiry."""
    base: dict[str, Any] = {
        "symbol": "KO", "sec_type": "OPT", "trading_class": "KO", "expiry": date(2026, 3, 20), "strike": 60.0, "right": "P",
        "multiplier": 100.0, "quantity": -2.0, "avg_cost": 150.0, "market_price": 0.6, "unrealized_pnl": 180.0,
        "implied_vol": 0.2, "underlying_price": 62.0, "as_of": AS_OF,
        "dividend_date": None, "dividend": None, "dividend_as_of": None, "last_cum_day": None,
    }  # fmt: skip
    return base | values


def test_a_short_put() -> None:
    found = derived(row(), TODAY)
    assert (found["dte"], found["break_even"], found["moneyness"]) == (11, 58.5, "otm")
    assert found["pnl_of_cost"] == found["pnl_of_max_profit"] == pytest.approx(60)
    assert found["distance_pct"] == pytest.approx(100 * 2 / 62)
    assert found["distance_sigma"] == pytest.approx(math.log(62 / 60) / (0.2 * math.sqrt(11 / 365)), abs=1e-6)
    assert (found["intrinsic"], found["extrinsic"]) == (0.0, 0.6)
    assert found["early_assignment"] == "none"


def test_a_long_call_and_shares() -> None:
    call = derived(row(right="C", quantity=1.0), TODAY)
    assert (call["break_even"], call["moneyness"], call["intrinsic"], call["extrinsic"]) == (61.5, "itm", 2.0, -1.4)
    assert (call["pnl_of_max_profit"], call["early_assignment"]) == (None, None)
    shares = derived(
        row(sec_type="STK", expiry=None, strike=None, right=None, multiplier=1.0, quantity=100.0, avg_cost=58.5),
        TODAY,
    )
    assert shares["break_even"] == 58.5
    assert {shares[name] for name in ("dte", "moneyness", "distance_pct", "intrinsic", "early_assignment")} == {None}  # type: ignore[literal-required]


@pytest.mark.parametrize("change", [{"trading_class": "KO1"}, {"multiplier": 150.0}])
def test_nothing_is_guessed_of_an_adjusted_deliverable(change: dict[str, Any]) -> None:
    found = derived(row(**change), TODAY)
    assert found["non_standard"]
    assert found["early_assignment"] == "unknown"
    assert {
        found[name] for name in ("break_even", "moneyness", "distance_pct", "distance_sigma", "intrinsic", "extrinsic")
    } == {None}  # type: ignore[literal-required]
    assert found["pnl_of_max_profit"] == pytest.approx(60)  # the premium is money, whatever is delivered


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"right": "C"}, "unknown"),  # in the money: only the dividend could tell
        ({"right": "C", "underlying_price": 50.0}, "none"),
        ({"underlying_price": 40.0, "market_price": 20.01}, "risk"),
        ({"underlying_price": 59.0, "market_price": 1.8}, "none"),
        ({"underlying_price": None}, "unknown"),
        ({"market_price": None}, "unknown"),
        ({"market_price": float("nan")}, "unknown"),
        ({"symbol": "SPX", "trading_class": "SPXW", "underlying_price": None}, "none"),
        ({"quantity": 2.0, "underlying_price": 40.0}, None),
    ],
)
def test_early_assignment(change: dict[str, Any], expected: str | None) -> None:
    found = derived(row(**change), TODAY)
    assert found["early_assignment"] == expected
    assert (found["early_assignment_reason"] is None) == (expected is None)


def test_at_its_expiry_there_is_no_time_left() -> None:
    found = derived(row(expiry=TODAY), TODAY)
    assert (found["dte"], found["distance_sigma"]) == (0, None)


prices = st.floats(0.05, 5_000) | st.none()


@given(
    prices,
    prices,
    st.floats(0.5, 5_000),
    st.sampled_from("CP"),
    st.sampled_from([-3.0, 3.0]),
    prices,
    st.integers(-3, 900),
)
def test_whatever_is_known(
    spot: float | None, price: float | None, strike: float, right: str, quantity: float, cost: float | None, days: int
) -> None:
    expiry = date.fromordinal(TODAY.toordinal() + days)
    found = derived(
        row(underlying_price=spot, market_price=price, strike=strike, right=right, quantity=quantity, avg_cost=cost, expiry=expiry),
        TODAY,
    )  # fmt: skip
    assert found["dte"] == days
    assert (found["moneyness"] is None) == (spot is None)
    assert (found["extrinsic"] is None) == (spot is None or price is None)
    assert (found["break_even"] is None) == (cost is None)
    if found["extrinsic"] is not None and found["intrinsic"] is not None and price is not None:
        assert found["intrinsic"] + found["extrinsic"] == pytest.approx(price, abs=1e-5)
        if found["distance_pct"]:
            assert (found["intrinsic"] > 0) <= (found["distance_pct"] < 0)
    if quantity < 0 and None in (spot, price):
        assert found["early_assignment"] == "unknown"
    assert all(not isinstance(value, float) or math.isfinite(value) for value in found.values())


def test_a_short_call_before_its_dividend() -> None:
    """In the money by 2.00, at 2.10: 0.10 of extrinsic value against a dividend of 0.51."""

    def call(**values: Any) -> tuple[str | None, str | None]:
        told = {
            "dividend_date": date(2026, 3, 13),
            "dividend": 0.51,
            "dividend_as_of": AS_OF,
            "last_cum_day": date(2026, 3, 12),
        }
        found = derived(row(right="C", market_price=2.1, **(told | values)), TODAY)
        return found["early_assignment"], found["early_assignment_reason"]

    assert call() == (
        "none",
        "In the money; its extrinsic value of 0.10 at its mark is less than the dividend of 0.51 on 2026-03-13: "
        "at risk on 2026-03-12, the last session before it.",
    )
    assert call(last_cum_day=TODAY, dividend_date=date(2026, 3, 10))[0] == "risk"
    assert call(last_cum_day=date(2026, 3, 6), dividend_date=date(2026, 3, 10))[0] == "risk"  # over the weekend
    assert call(dividend=0.05)[0] == "none"
    assert call(expiry=date(2026, 3, 12)) == (
        "none",
        "In the money; the next dividend, 0.51 on 2026-03-13, comes after its expiry.",
    )
    for missing in ({"dividend": None}, {"dividend_date": None}, {"dividend_as_of": None}, {"dividend_date": TODAY},
                    {"dividend_as_of": datetime(2026, 3, 1, tzinfo=UTC)}):  # fmt: skip
        assert call(**missing)[0] == "unknown", missing
