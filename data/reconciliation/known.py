"""What the database says of a statement's account and period, from sources other than that statement. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class KnownFill:
    """An execution as it counts in the database. `fee` is what was paid; `trade`: the statement's trade that it is, or None.

    `is_live`: the broker's API reported it. `bought`: of a trade in currencies, the one that `quantity` is of. `symbol` is the underlying's. `key` is its execution id without the revision.
    """

    key: str
    trade: str | None
    con_id: int
    name: str
    time: datetime
    quantity: Decimal  # signed
    price: Decimal
    multiplier: Decimal
    currency: str
    fee: Decimal | None = None
    fee_currency: str | None = None
    is_live: bool = True
    bought: str | None = None
    symbol: str = ""

    @property
    def money(self) -> Decimal:
        return -self.quantity * self.price * self.multiplier


@dataclass(frozen=True, slots=True)
class KnownFlow:
    """A cash flow of the database; `key` is that of the statement's cash transaction where it is one. `is_of_trade`: a commission that
    the broker kept on a trade that it took back."""

    key: str
    time: datetime
    kind: str
    amount: Decimal
    currency: str
    is_of_trade: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """`live`: fills as the API reported them; `fills`: all that count, whoever reported them; `flows`: cash flows.

    `held` by contract: how many the last sample of the last day has, empty where there is none; `realized` by contract: what the
    book's closed lots made, None where it doesn't know. `nav`: the account's last sample of each trading day, in the base currency.
    """

    live: tuple[KnownFill, ...] = ()
    fills: tuple[KnownFill, ...] = ()
    flows: tuple[KnownFlow, ...] = ()
    held: Mapping[int, Decimal] | None = None
    realized: Mapping[int, Decimal | None] | None = None
    nav: Mapping[date, Decimal] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
