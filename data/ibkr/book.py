"""What one connection has told of an account so far, and the records made of it. A fresh one for each connection."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from data.ibkr import translate
from data.ibkr.translate import Greeks, known
from data.model import Contract, Portfolio, Position


@dataclass(slots=True)
class Holding:
    """All that is known of one contract in the account; quantity 0: closed."""

    contract: Contract
    as_of: datetime
    moved_at: datetime  # when its quantity was last told
    quantity: float = 0.0
    avg_cost: float | None = None
    item: Any = None  # the last updatePortfolio
    pnl: Any = None  # the last pnlSingle
    greeks: Greeks | None = None
    greeks_as_of: datetime | None = None


@dataclass(slots=True)
class Book:
    """Merges the broker's pushes. `changed` and `portfolio_changed` say what is to be passed on."""

    account: str
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    holdings: dict[int, Holding] = field(default_factory=dict)
    currency: str | None = None
    pnl: Any = None
    as_of: datetime | None = None
    portfolio_changed: bool = False
    new_net_liquidation: bool = False
    changed: set[int] = field(default_factory=set)

    # -- what came

    def on_value(self, wire: Any, now: datetime) -> None:
        """One account value; those of model portfolios are parts of it and are left out."""
        if wire.account != self.account or wire.modelCode:
            return
        self.values[wire.tag, wire.currency] = wire.value
        if wire.tag == "NetLiquidation":
            self.new_net_liquidation = True
            self.currency = translate.base_currency(self.values)
        self._portfolio_moved(now)

    def on_pnl(self, wire: Any, now: datetime) -> None:
        """The account's P&L. The first answer is often "not computed" throughout: no datum."""
        if wire.account == self.account and not wire.modelCode:
            self.pnl = wire
            if known(wire.dailyPnL) is not None or known(wire.unrealizedPnL) is not None:
                self._portfolio_moved(now)

    def _portfolio_moved(self, now: datetime) -> None:
        self.as_of = now
        self.portfolio_changed = True

    def on_position(self, wire: Any, now: datetime) -> bool:
        """A position; whether its quantity is another one than before."""
        if wire.account != self.account:
            return False
        holding = self._holding(wire.contract, now)
        before, holding.quantity, holding.moved_at = holding.quantity, float(wire.position), now
        holding.avg_cost = known(wire.avgCost)
        self._moved(holding, now)
        return holding.quantity != before

    def on_item(self, wire: Any, now: datetime) -> None:
        """An updatePortfolio."""
        if wire.account != self.account:
            return
        holding = self._holding(wire.contract, now)
        holding.item, holding.quantity, holding.moved_at = wire, float(wire.position), now
        if wire.position:
            holding.avg_cost = known(wire.averageCost)
        self._moved(holding, now)

    def on_pnl_single(self, wire: Any, now: datetime) -> None:
        """A position's P&L and value."""
        holding = self.holdings.get(wire.conId)
        if holding is None or wire.account != self.account or wire.modelCode:
            return
        holding.pnl = wire
        if known(wire.value) is not None or known(wire.dailyPnL) is not None:
            self._moved(holding, now)

    def on_greeks(self, con_id: int, wire: Any, now: datetime) -> None:
        """The model's option computation."""
        holding, found = self.holdings.get(con_id), translate.greeks(wire)
        if holding is not None and found is not None:
            holding.greeks, holding.greeks_as_of = found, now
            self._moved(holding, now)

    def close_unlisted(self, listed: Collection[int], asked_at: datetime) -> None:
        """Close what is not in a complete list, unless something was heard of it since the list was asked for."""
        for con_id in self.held - frozenset(listed):
            holding = self.holdings[con_id]
            if holding.moved_at < asked_at:
                holding.quantity = 0.0
                self._moved(holding, asked_at)

    def forget(self, con_id: int) -> None:
        """A closed position is of no interest any more."""
        del self.holdings[con_id]
        self.changed.discard(con_id)

    def _holding(self, wire: Any, now: datetime) -> Holding:
        holding = self.holdings.get(wire.conId)
        if holding is None:
            holding = self.holdings[wire.conId] = Holding(translate.contract(wire), now, now)
        elif holding.contract.exchange is None:
            holding.contract = translate.contract(wire)  # positions come without an exchange
        return holding

    def _moved(self, holding: Holding, now: datetime) -> None:
        holding.as_of = now
        self.changed.add(holding.contract.con_id)

    # -- what it means

    @property
    def held(self) -> frozenset[int]:
        """The contracts that are held."""
        return frozenset(con_id for con_id, holding in self.holdings.items() if holding.quantity)

    def contracts(self) -> list[Contract]:
        """The contracts that are held, in full."""
        return [holding.contract for holding in self.holdings.values() if holding.quantity]

    def quantities(self) -> list[tuple[Contract, float]]:
        """The contracts that are held, each with how many of it."""
        return [(holding.contract, holding.quantity) for holding in self.holdings.values() if holding.quantity]

    @property
    def is_complete(self) -> bool:
        """Whether the account's values are whole: what is asked where the end of the download is not told."""
        ready = self.values.get(("AccountReady", ""), "true")
        figures = translate.portfolio(self.account, self.values, None, datetime.min.replace(tzinfo=UTC))
        needed = (figures.net_liquidation, figures.cash, figures.excess_liquidity, figures.maintenance_margin)
        return ready != "false" and figures.currency is not None and None not in needed

    @property
    def is_ready(self) -> bool:
        """False while the gateway itself says that its figures are not whole."""
        return self.values.get(("AccountReady", ""), "true") != "false"

    def portfolio(self, now: datetime) -> Portfolio:
        """The account's figures as of the newest datum."""
        return translate.portfolio(self.account, self.values, self.pnl, self.as_of or now)

    def position(self, con_id: int) -> Position:
        """One holding. Live figures come from pnlSingle; updatePortfolio is three minutes apart."""
        holding = self.holdings[con_id]
        # In which currency pnlSingle is for a contract in a foreign one is not documented: it is left out there.
        is_foreign = self.currency is not None and holding.contract.currency != self.currency
        pnl, item, greeks = None if is_foreign else holding.pnl, holding.item, holding.greeks
        price, value, unrealized = _valued(holding, pnl)
        realized = known(pnl.realizedPnL) if pnl else None
        if realized is None and item is not None:
            realized = known(item.realizedPNL)
        return Position(
            account=self.account,
            contract=holding.contract,
            as_of=holding.as_of,
            quantity=holding.quantity,
            avg_cost=holding.avg_cost if holding.quantity else None,
            market_price=price,
            market_value=value,
            unrealized_pnl=unrealized,
            realized_pnl=realized,
            daily_pnl=known(pnl.dailyPnL) if pnl else None,
            delta=greeks.delta if greeks else None,
            gamma=greeks.gamma if greeks else None,
            theta=greeks.theta if greeks else None,
            vega=greeks.vega if greeks else None,
            implied_vol=greeks.implied_vol if greeks else None,
            underlying_price=greeks.underlying_price if greeks else None,
            greeks_as_of=holding.greeks_as_of,
        )


def _valued(holding: Holding, pnl: Any) -> tuple[float | None, float | None, float | None]:
    """Price, value and unrealized P&L, from whichever source is about the quantity that is held now."""
    if not holding.quantity:
        return None, None, None
    item = holding.item
    value = known(pnl.value) if pnl and pnl.position == holding.quantity else None
    if value is not None:
        unit = holding.quantity * holding.contract.multiplier
        # Away from cents that a quotient like 0.30000000000000004 has: prices have six decimals at most.
        return round(value / unit, 6), value, known(pnl.unrealizedPnL)
    if item is not None and item.position == holding.quantity:
        return translate.price(item.marketPrice), known(item.marketValue), known(item.unrealizedPNL)
    return None, None, None
