"""The margin estimate by worked examples, and the sums of an account."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from data.simulator.account import Holding
from data.simulator.accountvalues import account_rows, summary_rows
from data.simulator.calendar import ZONE, Hours
from data.simulator.instruments import Instrument, option, stock
from data.simulator.order_messages import completed_order, open_order
from data.simulator.orders import Order
from data.simulator.valuation import Valuation
from data.simulator.world import World

TUESDAY = datetime(2026, 11, 24, 11, 0, tzinfo=ZONE).timestamp()
DIS, SGOV = stock("DIS"), stock("SGOV")
NEAR_PUT, FAR_PUT = option("DIS", "20261218", 95.0, "P"), option("DIS", "20261218", 70.0, "P")
CALL = option("DIS", "20261218", 105.0, "C")
D = Decimal


def value(*positions: tuple[Instrument, int]) -> tuple[Valuation, World]:
    world = World(1, TUESDAY, ["DU1"], Hours())
    world.market.set_price("DIS", 100.0)
    world.market.set_price("SGOV", 100.0)
    account = world.accounts["DU1"]
    account.cash = D("50000.00")
    for instrument, quantity in positions:
        account.holdings[instrument.con_id] = Holding(quantity, D("0.00"))
    return world.valuation("DU1"), world


def mark(world: World, instrument: Instrument) -> Decimal:
    return world.market.mark(instrument) * 100


@pytest.mark.parametrize(
    ("positions", "initial", "maintenance"),
    [
        ([(DIS, 100)], "5000.00", "2500.00"),
        ([(DIS, -100)], "5000.00", "3000.00"),
        ([(SGOV, 100)], "1000.00", "1000.00"),
        ([(DIS, 100), (CALL, -1)], "5000.00", "2500.00"),  # covered
        ([(NEAR_PUT, 3)], "0.00", "0.00"),  # long options tie up their premium only
        ([], "0.00", "0.00"),
    ],
)
def test_margin_without_naked_options(positions: list[tuple[Instrument, int]], initial: str, maintenance: str):
    found, _ = value(*positions)
    assert (found.initial_margin, found.maintenance_margin) == (D(initial), D(maintenance))


def test_margin_of_short_puts_and_naked_calls():
    near, world = value((NEAR_PUT, -2))
    # 20 % of 100 less the 5 it is out of the money, and the mark
    assert near.initial_margin == near.maintenance_margin == 2 * (1500 + mark(world, NEAR_PUT))
    far, world = value((FAR_PUT, -1))
    assert far.initial_margin == 700 + mark(world, FAR_PUT)  # the floor: 10 % of the strike
    call, world = value((DIS, 150), (CALL, -2))
    assert call.initial_margin == D("7500.00") + 1500 + mark(world, CALL)  # one of two is covered


def test_the_sums_of_an_account():
    found, world = value((DIS, 100), (SGOV, 50), (NEAR_PUT, -1), (CALL, 2))
    options = 2 * mark(world, CALL) - mark(world, NEAR_PUT)
    assert found.net_liquidation == D("65000.00") + options
    assert found.equity_with_loan == D("65000.00")
    assert found.gross_position_value == D("15000.00") + 2 * mark(world, CALL)
    assert found.available_funds == D("65000.00") - found.initial_margin
    rows = {(tag, currency): text for tag, text, currency in account_rows("DU1", found)}
    assert rows["NetLiquidation", "USD"] == str(found.net_liquidation.quantize(D("0.01")))
    assert rows["CashBalance", "BASE"] == rows["CashBalance", "USD"] == "50000.00"
    assert rows["OptionMarketValue", "USD"] == str(options.quantize(D("0.01")))
    assert rows["BuyingPower", "USD"] == str((found.available_funds * 4).quantize(D("0.01")))
    assert [tag for tag, _, _ in summary_rows("DU1", found, ["Cushion", "NoSuchTag", "NetLiquidation"])] == [
        "Cushion",
        "NetLiquidation",
    ]


def test_each_version_adds_its_fields():
    order = Order("DU1", 1, 1, 1, DIS.con_id, "DIS", "BUY", 1, "LMT")
    first = len(open_order(order, 157))
    added = {version: len(open_order(order, version)) - first for version in range(157, 177)}
    # duration from 159, post to ATS from 160, auto-cancel parent from 162, five pegged fields from 170
    steps = {157: 0, 158: 0, 159: 1, 160: 2, 161: 2, 162: 3, 169: 3, 170: 8, 176: 8}
    assert {version: added[version] for version in steps} == steps
    assert len(completed_order(order, 170)) - len(completed_order(order, 169)) == 5
