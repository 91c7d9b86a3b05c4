"""Which changes of cash become a record, and what they are compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.ibkr.translate import cash_by_currency
from data.model import CashState, Portfolio
from data.poller.cash import CashWatch

T0 = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def told(cash: str | None, net: float | None, daily: float = 0.0, rate: str = "1.10") -> Portfolio:
    balances = None if cash is None else {"USD": (cash, "1.00"), "EUR": ("5.00", rate)}
    return Portfolio("DU1", T0, "USD", net_liquidation=net, daily_pnl=daily, cash_by_currency=balances)


def run(watch: CashWatch, *steps: tuple[float, Portfolio | None]) -> list[CashState]:
    found = []
    for seconds, portfolio in steps:
        if portfolio is not None:
            watch.observe(portfolio, at(seconds))
        if (state := watch.take(at(seconds))) is not None:
            found.append(state)
    return found


def test_a_change_that_stood_is_told_once_with_what_was_before() -> None:
    watch = CashWatch()
    (first,) = run(watch, (0, told("1.00", 100.0)), (3, None), (5, None), (9, None))
    assert (first.ts, first.before_ts, first.cash_by_currency["USD"][0]) == (at(0), None, "1.00")
    assert (
        run(watch, (20, told("1.00", 100.0, rate="1.20")), (30, told("1.00", 130.0, 30.0))) == []
    )  # prices and exchange
    # Net liquidation comes ahead of its cash by a part of a second.
    (second,) = run(
        watch,
        (40, told("1.00", 530.0, 30.0)),
        (40.2, told("401.00", 530.0, 30.0)),
        (43, told("401.00", 535.0, 35.0)),
        (46, None),
    )
    assert (second.ts, second.net_liquidation, second.daily_pnl) == (at(40.2), 535.0, 35.0)
    assert (second.before_ts, second.before_net_liquidation, second.before_daily_pnl) == (at(30), 130.0, 30.0)
    assert run(watch, (60, told("401.00", 535.0)), (90, None)) == []


def test_a_glitch_is_not_told() -> None:
    watch = CashWatch()
    run(watch, (0, told("1.00", 100.0)), (5, None))
    assert (
        run(
            watch,
            (10, told("0.00", 99.0)),
            (12, told(None, 99.0)),
            (13, told("1.00", None)),
            (14, told("1.00", 100.0)),
            (30, None),
        )
        == []
    )
    # Another value each time begins to stand anew.
    assert [s.ts for s in run(watch, (40, told("2.00", 101.0)), (44, told("3.00", 102.0)), (46, None), (49, None))] == [
        at(44)
    ]


def test_balances_are_by_currency_and_base_is_none() -> None:
    ledger = {("CashBalance", "BASE"): "9", ("CashBalance", "USD"): "4.50", ("CashBalance", "EUR"): "3", ("ExchangeRate", "EUR"): "1.5",
              ("ExchangeRate", "USD"): "1.00", ("NetLiquidation", "USD"): "9"}  # fmt: skip
    assert cash_by_currency(ledger, "USD") == {"USD": ("4.50", "1"), "EUR": ("3", "1.5")}
    assert cash_by_currency({**ledger, ("ExchangeRate", "EUR"): ""}, "USD") is None
    assert cash_by_currency({}, "USD") is None
