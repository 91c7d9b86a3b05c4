"""The simulator's own events as the model's records, as the poller would have written them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from data import model
from data.simulator.instruments import Instrument, by_con_id
from data.simulator.orders import Execution, Order

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money that came or went without a trade; ``amount`` is what the account's cash changed by."""

    flow_id: str
    ts: datetime
    kind: str
    amount: Decimal
    description: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A line of the ledger of the demo's bot; those without an order say what was left alone."""

    key: str
    strategy: str
    ts: datetime
    kind: str
    contract: Instrument
    reason: str
    order: Order | None = None
    bid: float | None = None
    ask: float | None = None

    def row(self) -> dict[str, Any]:
        """As the table has it."""
        it, order = self.contract, self.order
        words = f"{it.symbol} {it.expiry_date} {it.strike:g} {it.right}" if it.is_option else it.symbol
        row = {
            "source_key": self.key, "strategy": self.strategy, "ts": self.ts.isoformat(), "kind": self.kind,
            "symbol": it.symbol, "con_id": it.con_id, "contract": words, "reason": self.reason, "bid": self.bid,
            "ask": self.ask, "detail": {},
        }  # fmt: skip
        if order is not None:
            row |= {
                "action": order.action, "quantity": order.quantity, "limit_price": order.limit, "perm_id": order.perm_id,
                "order_id": order.order_id, "client_id": order.client_id, "order_ref": order.ref,
            }  # fmt: skip
        return row


def utc(moment: float) -> datetime:
    """Seconds since the epoch as an instant."""
    return datetime.fromtimestamp(moment, UTC)


def contract(instrument: Instrument) -> model.Contract:
    """A stock or an option."""
    is_option = instrument.is_option
    return model.Contract(
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        local_symbol=instrument.local_symbol,
        sec_type=instrument.sec_type,
        currency=CURRENCY,
        trading_class=instrument.trading_class,
        exchange=instrument.primary_exchange or "SMART",
        expiry=instrument.expiry_date if is_option else None,
        strike=instrument.strike if is_option else None,
        right=instrument.right if is_option else None,
        multiplier=float(instrument.multiplier),
    )


def executions(batch: Sequence[Execution]) -> list[model.Execution]:
    """Fills in the order of their booking, each with its kind.

    The broker's own bookings have no order: an option whose end moves shares is followed by them (an assignment, or an
    exercise where it was held long), one that is not expired.
    """
    found: list[model.Execution] = []
    end = model.ExecutionKind.EXPIRY
    for item, after in zip_longest(batch, batch[1:]):
        if item.order_id:
            kind = model.ExecutionKind.TRADE
        elif not by_con_id(item.con_id).is_option:
            kind = end  # the shares bear the name of their option's end
        elif after is not None and not after.order_id and not by_con_id(after.con_id).is_option:
            kind = end = model.ExecutionKind.ASSIGNMENT if item.side == "BOT" else model.ExecutionKind.EXERCISE
        else:
            kind = model.ExecutionKind.EXPIRY
        found.append(_execution(item, kind))
    return found


def _execution(item: Execution, kind: model.ExecutionKind) -> model.Execution:
    base, _, revision = item.exec_id.rpartition(".")
    return model.Execution(
        account=item.account,
        exec_id=item.exec_id,
        base_exec_id=base,
        revision=int(revision),
        contract=contract(by_con_id(item.con_id)),
        time=utc(item.moment),
        side=item.side,
        quantity=Decimal(item.quantity),
        price=Decimal(item.price),
        kind=kind,
        order_id=item.order_id or None,
        perm_id=item.perm_id or None,
        client_id=item.client_id,
        order_ref=item.ref or None,
        exchange=item.exchange or None,
        commission=Decimal(item.commission),
        commission_currency=CURRENCY,
        realized_pnl=None if item.realized is None else Decimal(item.realized),
    )


def order(item: Order, moment: float) -> model.Order:
    """An order's state at a moment."""
    return model.Order(
        account=item.account,
        perm_id=item.perm_id,
        as_of=utc(moment),
        contract=contract(by_con_id(item.con_id)),
        action=item.action,
        order_type=item.order_type,
        quantity=Decimal(item.quantity),
        status=item.status,
        order_id=item.order_id or None,
        client_id=item.client_id,
        order_ref=item.ref or None,
        limit_price=item.limit,
        tif=item.tif,
        filled=Decimal(item.filled),
        remaining=Decimal(item.remaining),
        avg_fill_price=item.average_price or None,
    )
