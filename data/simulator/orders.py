"""Orders, executions and their states, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WORKING = ("PendingSubmit", "PreSubmitted", "Submitted")
SUPPORTED_TYPES = ("LMT", "MKT", "STP", "STP LMT", "MIDPRICE")


@dataclass(slots=True)
class Leg:
    """One leg of a combination; ``action`` is BUY or SELL for a bought combination."""

    con_id: int
    ratio: int
    action: str
    exchange: str = "SMART"
    open_close: int = 0

    @property
    def sign(self) -> int:
        return self.ratio if self.action == "BUY" else -self.ratio


@dataclass(slots=True)
class Order:
    """An order and what became of it. ``con_id`` is 0 for a combination (then ``legs`` say what it is)."""

    account: str
    client_id: int
    order_id: int
    perm_id: int
    con_id: int
    symbol: str
    action: str
    quantity: int
    order_type: str
    limit: float | None = None
    aux: float | None = None
    tif: str = "DAY"
    ref: str = ""
    exchange: str = "SMART"
    currency: str = "USD"
    oca_group: str = ""
    open_close: str = ""
    parent_id: int = 0
    outside_rth: bool = False
    transmit: bool = True
    algo: str = ""
    algo_params: list[tuple[str, str]] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    status: str = "PendingSubmit"
    filled: int = 0
    average_price: float = 0.0
    last_price: float = 0.0
    why_held: str = ""
    triggered: bool = False
    placed_at: float = 0.0
    completed_at: float = 0.0
    completed_text: str = ""

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def sign(self) -> int:
        return 1 if self.action == "BUY" else -1

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    @classmethod
    def load(cls, data: dict[str, Any]) -> Order:
        """The order that ``dataclasses.asdict`` described."""
        legs = [Leg(**leg) for leg in data["legs"]]
        return cls(**{**data, "legs": legs, "algo_params": [(tag, value) for tag, value in data["algo_params"]]})


@dataclass(slots=True)
class Execution:
    """One fill. Money is text, so that JSON keeps it exact; ``realized`` is None where the fill closed nothing.

    ``con_id`` is 0 for the summary fill of a combination, which moves no position and costs nothing: its legs do.
    """

    exec_id: str
    account: str
    client_id: int
    order_id: int
    perm_id: int
    con_id: int
    symbol: str
    side: str
    quantity: int
    price: str
    moment: float
    cumulative: int
    average_price: float
    ref: str = ""
    exchange: str = "CBOE"
    commission: str = "0"
    realized: str | None = None
    liquidation: int = 0
    last_liquidity: int = 1
