"""What reaches the listener, and what doesn't."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from data.ibkr.outlet import Outlet
from data.model import Execution, GatewayState, Order, Portfolio, Position
from tests.poller.recorder import Recorder
from tests.unit.ibkr.test_translate import fill, translate, wire_contract

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
CONTRACT = translate.contract(wire_contract())
POSITION = Position("DU1", CONTRACT, NOW, -2.0, market_value=-280.0)
PORTFOLIO = Portfolio("DU1", NOW, "USD", net_liquidation=1000.0)


class Quiet(Recorder):
    """Without an event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def _note(self, what: str) -> None:
        self.told.append(what)


def outlet() -> tuple[Outlet, Quiet]:
    heard = Quiet()
    made = Outlet(heard)
    made.watch("DU1")
    heard.told.clear()
    return made, heard


def later(record: Portfolio | Position, seconds: float) -> datetime:
    return record.as_of + timedelta(seconds=seconds)


def test_the_same_again_is_told_only_to_keep_its_age_true():
    made, heard = outlet()
    for seconds in (0, 1, 9, 10, 11):
        made.portfolio(replace(PORTFOLIO, as_of=later(PORTFOLIO, seconds)), True, True)
        made.position(replace(POSITION, as_of=later(POSITION, seconds)))
    assert heard.told == ["portfolio", "position"] * 2
    assert heard.portfolios[-1].as_of == later(PORTFOLIO, 10)
    made.portfolio(replace(PORTFOLIO, cash=5.0), True, True)
    assert len(heard.told) == 5


def test_a_state_is_said_once():
    made, heard = outlet()
    for _ in range(2):
        made.say(GatewayState.REFUSED, "why")
    made.say(GatewayState.REFUSED, "another reason")
    made.say(GatewayState.CONNECTED)
    assert [reason for _, reason in heard.states] == ["why", "another reason", None]


def test_what_is_not_believed_is_counted_once_and_not_passed_on():
    made, heard = outlet()
    made.portfolio(PORTFOLIO, True, True)
    for _ in range(3):
        made.portfolio(replace(PORTFOLIO, net_liquidation=0.0), True, True)
        assert made.doubts
    made.portfolio(PORTFOLIO, True, True)
    assert not made.doubts
    assert heard.told == ["portfolio", "implausible"]


def test_greeks_outlive_a_connection_with_their_own_time():
    made, heard = outlet()
    made.position(replace(POSITION, delta=-0.2, implied_vol=0.3, greeks_as_of=NOW))
    made.position(replace(POSITION, market_value=-290.0, as_of=later(POSITION, 60)))  # of a fresh connection
    found = heard.positions[CONTRACT.con_id]
    assert (found.market_value, found.delta, found.implied_vol, found.greeks_as_of) == (-290.0, -0.2, 0.3, NOW)


def test_what_is_not_in_the_complete_list_is_closed():
    made, heard = outlet()
    made.position(POSITION)
    made.held(frozenset())
    assert heard.told == ["position", "position", "held"]
    assert heard.closed[0].quantity == 0
    assert heard.closed[0].market_value is None
    made.held(frozenset())
    assert heard.told[3:] == ["held"]


def execution(**changes: object) -> Execution:
    return translate.execution(fill(**changes))


def test_a_fill_is_told_again_only_when_more_is_known():
    made, heard = outlet()
    bare = execution()
    paid = replace(bare, commission=Decimal("1.05"), commission_currency="USD")
    for item in (bare, bare, paid, bare, paid):  # a fresh connection knows less at first
        made.executions([item], 7)
    assert heard.told == ["execution", "execution"]
    assert heard.executions[bare.exec_id].commission == Decimal("1.05")
    made.executions([replace(bare, account="DU2", exec_id="other")], 7)
    assert len(heard.executions) == 1


def test_fills_of_others_are_noticed_once_and_bookings_are_nobodys():
    made, heard = outlet()
    made.executions([execution(clientId=7), execution(execId="b.1.01", orderId=0, clientId=0)], 7)
    assert "info" not in heard.told
    made.executions([execution(execId="c.1.01", clientId=8), execution(execId="d.1.01", clientId=9)], 7)
    assert heard.told.count("info") == 1
    assert heard.info == {"other_clients_fills": True}


def test_an_order_that_ended_unseen():
    made, heard = outlet()
    order = Order("DU1", 99, NOW, CONTRACT, "SELL", "LMT", Decimal(3), "Submitted")
    made.order(order)
    made.order(replace(order, as_of=later(POSITION, 5)))
    made.order(replace(order, perm_id=100))
    assert heard.told == ["order", "order"]
    made.executions([execution(permId=99)], 7)  # three, as ordered
    made.open_orders(frozenset())
    assert heard.orders[99].status == "Filled"
    assert heard.orders[100].status == "Unknown"
