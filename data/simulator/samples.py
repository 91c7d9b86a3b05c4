"""Rows of history out of an account's valuation, in the order of ``data.bulk``'s columns.

A whole valuation costs a millisecond, so the past has one every few minutes; in between, :class:`Estimate` moves the
options along their Greeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from data.model import CashState
from data.simulator.accountvalues import cushion, totals
from data.simulator.market import YEAR, Market, StockState
from data.simulator.records import CURRENCY, utc
from data.simulator.valuation import Valuation

Row = tuple[Any, ...]


class Figures(NamedTuple):
    """What an account's row says, in USD, beside its keys; in the order of the columns."""

    net_liquidation: float
    cash: float
    available_funds: float
    buying_power: float
    excess_liquidity: float
    initial_margin: float
    maintenance_margin: float
    cushion: float
    gross_position_value: float
    daily_pnl: float
    unrealized_pnl: float
    realized_pnl: float


def figures(value: Valuation) -> Figures:
    """A valuation's figures, as the gateway sends them."""
    sums = totals(value)
    return Figures(
        net_liquidation=float(sums["NetLiquidation"]),
        cash=float(sums["TotalCashValue"]),
        available_funds=float(sums["AvailableFunds"]),
        buying_power=float(sums["BuyingPower"]),
        excess_liquidity=float(sums["ExcessLiquidity"]),
        initial_margin=float(sums["InitMarginReq"]),
        maintenance_margin=float(sums["MaintMarginReq"]),
        cushion=float(cushion(value)),
        gross_position_value=float(sums["GrossPositionValue"]),
        daily_pnl=float(value.daily),
        unrealized_pnl=float(value.unrealized),
        realized_pnl=float(value.realized),
    )


def portfolio_row(account: str, moment: float, day: date, known: Figures) -> Row:
    """A row of ``portfolio_snapshots``."""
    ts = utc(moment)
    return (account, ts, ts, day, CURRENCY, *known)


def cash_state(account: str, moment: float, value: Valuation) -> CashState:
    """What the poller would have noted of cash and of what is owed."""
    balances = {CURRENCY: (str(value.cash), "1.00")}
    owed, worth, daily = float(value.accrued_dividends), float(value.net_liquidation), float(value.daily)
    return CashState(account, utc(moment), balances, owed, 0.0, worth, daily)


def position_rows(account: str, moment: float, day: date, value: Valuation, market: Market) -> Iterator[Row]:
    """Rows of ``position_snapshots``: vega per point of volatility, theta per day, as on the wire."""
    ts: datetime = utc(moment)
    for line in value.lines:
        greeks: Row = (None,) * 6
        if line.instrument.is_option:
            view = market.view(line.instrument)
            g = view.greeks
            greeks = (
                round(g.delta, 6),
                round(g.gamma, 6),
                round(g.theta / 365, 6),
                round(g.vega / 100, 6),
                round(view.vol, 6),
                view.spot,
            )
        yield (
            account,
            line.instrument.con_id,
            ts,
            ts,
            day,
            CURRENCY,
            float(line.quantity),
            float(line.average_cost),
            float(line.price),
            float(line.value),
            float(line.unrealized),
            float(line.realized),
            float(line.daily),
            *greeks,
        )


class Sensitivity:
    """What an account's value gains as one symbol moves, to second order, from where it was valued."""

    __slots__ = ("delta", "gamma", "level", "shares", "spot", "state", "vega")

    def __init__(self, state: StockState) -> None:
        self.state, self.spot, self.level = state, state.last, state.level
        self.shares = self.delta = self.gamma = self.vega = 0.0

    def gain(self) -> tuple[float, float]:
        """USD since then: of the shares, and of the options."""
        moved = self.state.last - self.spot
        options = (self.delta + 0.5 * self.gamma * moved) * moved + self.vega * (self.state.level - self.level)
        return self.shares * moved, options


class Estimate:
    """An account's figures in the minutes after a valuation, as long as nothing is booked."""

    def __init__(self, market: Market, moment: float, value: Valuation) -> None:
        self._moment = moment
        self._from = figures(value)
        self._decay = 0.0  # USD per second
        found: dict[str, Sensitivity] = {}
        for line in value.lines:
            symbol = line.instrument.symbol
            one = found.get(symbol)
            if one is None:
                one = found[symbol] = Sensitivity(market.stocks[symbol])
            if not line.instrument.is_option:
                one.shares += line.quantity
                continue
            view, size = market.view(line.instrument), line.quantity * line.instrument.multiplier
            one.delta += size * view.greeks.delta
            one.gamma += size * view.greeks.gamma
            one.vega += size * view.greeks.vega * view.vol / one.level
            self._decay += size * view.greeks.theta / YEAR
        self._sensitivities = list(found.values())

    def at(self, moment: float) -> Figures:
        """The figures at a later moment; margins stay those of the valuation."""
        of_shares, of_options = 0.0, self._decay * (moment - self._moment)
        for one in self._sensitivities:
            shares, options = one.gain()
            of_shares += shares
            of_options += options
        gain, old = of_shares + of_options, self._from
        excess, available = old.excess_liquidity + of_shares, old.available_funds + of_shares
        net_liquidation = old.net_liquidation + gain
        return Figures(
            net_liquidation=round(net_liquidation, 2),
            cash=old.cash,
            available_funds=round(available, 2),
            buying_power=round(max(available, 0.0) * 4, 2),
            excess_liquidity=round(excess, 2),
            initial_margin=old.initial_margin,
            maintenance_margin=old.maintenance_margin,
            cushion=round(excess / net_liquidation, 6) if net_liquidation else 0.0,
            gross_position_value=round(old.gross_position_value + of_shares, 2),
            daily_pnl=round(old.daily_pnl + gain, 2),
            unrealized_pnl=round(old.unrealized_pnl + gain, 2),
            realized_pnl=old.realized_pnl,
        )
