"""Whose an order is, by its reference or by clientId and shape; and what a stop has to cancel or to name."""

from __future__ import annotations

import pytest

from data.strategies.thetagang.attribution import BotFacts, Claim, OrderFacts, candidates, claim, whose, whose_of

V2 = BotFacts(
    "thetagang", "thetagang2", 1,
    {
        "wheel": frozenset({"AAPL", "SPY"}),
        "vix_call_hedge": frozenset({"VIX"}),
        "tail_hedge": frozenset({"SPY"}),
        "cash_management": frozenset({"SGOV"}),
    },
)  # fmt: skip
REGIME = BotFacts(
    "regime", "thetagang2", 2, {"regime_rebalance": frozenset({"TLT"}), "cash_management": frozenset({"SGOV"})}
)
MT = BotFacts("moneytrailz", "thetagang1", 3, {"wheel": frozenset({"AAPL"}), "momentum": frozenset({"QQQ", "AAPL"})})


def order(sec_type: str, symbol: str, action: str = "SELL", client_id: int | None = 1, order_ref: str | None = None):
    return OrderFacts(sec_type, symbol, action, client_id, order_ref)


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        (order("OPT", "AAPL", "SELL"), ("thetagang/wheel", "shape")),
        (order("OPT", "AAPL", "BUY"), ("thetagang/wheel", "shape")),
        (order("BAG", "AAPL", "BUY"), ("thetagang/wheel", "shape")),
        (order("OPT", "VIX", "BUY"), ("thetagang/vix_call_hedge", "shape")),
        (order("STK", "SGOV", "BUY"), ("thetagang/cash_management", "shape")),
        (order("STK", "AAPL", "SELL"), ("thetagang/wheel", "shape")),
        (order("OPT", "SPY", "BUY", order_ref="tg:tail-hedge:entry"), ("thetagang/tail_hedge", "order_ref")),
        (order("OPT", "SPY", "SELL", order_ref="tg:tail-hedge:close"), ("thetagang/tail_hedge", "order_ref")),
        (order("OPT", "SPY", "SELL", order_ref="tg:tail-harvest:SPY:1"), ("thetagang/tail_hedge", "order_ref")),
        (order("OPT", "SPY", "SELL", None, "tg:tail-hedge:close"), ("thetagang/tail_hedge", "order_ref")),
        (order("OPT", "AAPL", "SELL", 7), None),  # another client's
        (order("OPT", "AAPL", "SELL", None), None),  # nothing says whose
        (order("OPT", "AAPL", "SELL", 1, "my own"), None),  # somebody else's reference
        (order("STK", "TLT", "BUY", 1, "tg:regime-rebalance:TLT"), None),  # a strategy that the bot hasn't
        (order("FUT", "ES", "BUY"), None),
    ],
)
def test_whose(placed: OrderFacts, expected: tuple[str, str] | None):
    assert whose(placed, V2) == expected


def test_regime_orders_carry_a_reference_so_shares_without_one_are_not_its():
    assert whose(order("STK", "TLT", "BUY", 2, "tg:regime-rebalance:TLT"), REGIME) == (
        "regime/regime_rebalance",
        "order_ref",
    )
    assert whose(order("STK", "TLT", "BUY", 2), REGIME) is None


def test_an_order_that_fits_several_strategies_belongs_to_none():
    assert whose(order("STK", "AAPL", "BUY", 3), MT) is None
    assert candidates(order("OPT", "AAPL", "SELL", 3), MT)[0] == {"wheel", "momentum"}
    assert whose(order("STK", "QQQ", "BUY", 3), BotFacts("m", None, 3, {"momentum": frozenset({"QQQ"})})) == (
        "m/momentum",
        "shape",
    )


def test_two_bots_that_claim_an_order_get_none_of_it():
    twin = BotFacts("twin", "thetagang2", 1, V2.strategies)
    assert whose_of(order("OPT", "AAPL"), [V2, MT]) == ("thetagang/wheel", "shape")
    assert whose_of(order("OPT", "AAPL"), [V2, twin]) is None


@pytest.mark.parametrize(
    ("placed", "strategy", "expected"),
    [
        (order("OPT", "AAPL"), "wheel", Claim.OWN),
        (order("STK", "SGOV", "BUY"), "cash_management", Claim.OWN),
        (order("STK", "SGOV", "BUY"), "wheel", Claim.NONE),
        (order("OPT", "SPY", "SELL", 1, "tg:tail-hedge:close"), "tail_hedge", Claim.OWN),
        (order("OPT", "SPY", "SELL", 1, "tg:tail-hedge:close"), "wheel", Claim.NONE),
        (
            order("OPT", "SPY", "SELL", 9, "tg:tail-hedge:close"),
            "tail_hedge",
            Claim.FOREIGN,
        ),  # placed with an older clientId
        (order("OPT", "AAPL", "SELL", 0), "wheel", Claim.FOREIGN),  # by hand
        (order("OPT", "MSFT", "SELL", 0), "wheel", Claim.NONE),  # not what it trades
        (order("OPT", "AAPL", "SELL", 3), "wheel", Claim.NONE),  # another bot's
        (order("STK", "SGOV", "BUY", 9), "cash_management", Claim.FOREIGN),
    ],
)
def test_what_a_stop_has_to_cancel(placed: OrderFacts, strategy: str, expected: Claim):
    assert claim(placed, V2, strategy, others={3}) is expected


def test_an_order_that_may_be_anothers_is_not_cancelled_unasked():
    assert claim(order("STK", "AAPL", "BUY", 3), MT, "wheel") is Claim.UNCLEAR
