from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.plausible import CONFIRM_S, Plausibility
from data.model import Portfolio


def worth(net_liquidation: float | None) -> Portfolio:
    return Portfolio("DU1", datetime(2026, 11, 24, tzinfo=UTC), "USD", net_liquidation=net_liquidation)


def test_missing_and_zero_are_never_believed():
    judge = Plausibility().judge
    for second in range(0, 1000, 10):
        assert "missing" in (judge(worth(None), True, second, True) or "")
        assert "is 0" in (judge(worth(0.0), True, second, True) or "")


def test_an_empty_account_is_worth_nothing():
    assert Plausibility().judge(worth(0.0), False, 0, True) is None


def test_a_jump_needs_two_further_data():
    judge = Plausibility().judge
    assert judge(worth(100_000), True, 0, True) is None
    assert "100000.00 to 900.00" in (judge(worth(900), True, 1, True) or "")
    assert judge(worth(900), True, 2, False)  # the same datum again confirms nothing
    assert judge(worth(950), True, 3, True)
    assert judge(worth(940), True, 6, True) is None
    assert judge(worth(930), True, 7, True) is None


def test_a_jump_is_forgotten_when_the_figures_return():
    judge = Plausibility().judge
    judge(worth(100_000), True, 0, True)
    assert judge(worth(900), True, 1, True)
    assert judge(worth(100_100), True, 2, True) is None
    assert judge(worth(900), True, 3, True)


def test_what_stands_long_enough_is_believed_without_further_data():
    judge = Plausibility().judge
    judge(worth(100_000), True, 0, True)
    assert judge(worth(2_000_000), True, 1, True)
    assert judge(worth(2_000_000), True, CONFIRM_S, False)
    assert judge(worth(2_000_000), True, 1 + CONFIRM_S, False) is None


def test_a_fall_below_zero_is_doubted_first():
    judge = Plausibility().judge
    judge(worth(100_000), True, 0, True)
    assert judge(worth(-5_000), True, 1, True)
    judge(worth(-5_000), True, 2, True)
    assert judge(worth(-5_000), True, 3, True) is None


@given(st.lists(st.floats(0.2, 5), min_size=1, max_size=30))
def test_ordinary_moves_are_never_doubted(factors: list[float]):
    judge, value = Plausibility().judge, 50_000.0
    assert judge(worth(value), True, 0, True) is None
    for second, factor in enumerate(factors, 1):
        value *= factor
        assert value == 0 or judge(worth(value), True, second, True) is None
