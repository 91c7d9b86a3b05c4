"""`positions.csv`: what the page Positions shows, a line a position, with all that is worked out for it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from dashboard.api.schemas import AccountQuery
from dashboard.api.trade_schemas import LONGEST_TEXT, Text
from dashboard.exports.cells import Value, line
from data.naming import contract_name
from data.reads import Reads
from data.views import PositionView

SLICE = 500  # lines
GREEKS = ("delta", "gamma", "theta", "vega")
COLUMNS = tuple(PositionView.__annotations__)
HEADER = ("source", "account", *COLUMNS, "average", *(f"position_{name}" for name in GREEKS))


class PositionFilter(AccountQuery):
    """The page's: what isn't named is whatever."""

    text: Text = Field(
        None,
        max_length=LONGEST_TEXT,
        description="Words that are all in its symbol, contract (KO 20 Feb 26 60 P), expiry or strategy.",
    )
    strategy: Text = Field(None, max_length=130, description="A strategy's name, bot/strategy; empty: nobody's.")
    min_dte: int | None = Field(None, ge=0, le=10_000, description="Expires in so many days or later.")
    max_dte: int | None = Field(None, ge=0, le=10_000, description="Expires in so many days or earlier.")

    def fits(self, position: PositionView) -> bool:
        days = position["dte"]
        if self.strategy is not None and (position["strategy"] or "") != self.strategy:
            return False
        if (self.min_dte is not None and (days is None or days < self.min_dte)) or (
            self.max_dte is not None and (days is None or days > self.max_dte)
        ):
            return False
        said = (
            position["symbol"],
            contract_name(position),
            position["local_symbol"],
            position["expiry"],
            position["strategy"],
        )
        whole = " ".join(part or "" for part in said).lower()
        return all(word in whole for word in (self.text or "").lower().split())


def lines(reads: Reads, account: str, source: str, wanted: PositionFilter) -> Iterator[bytes]:
    """The header and a line for each position that fits, in slices; the rows are those of REST and the page. Raises DatabaseAway."""
    held = reads.position_rows(account).items.values()
    pending = [line(HEADER)]
    for position in filter(wanted.fits, held):
        pending.append(line((source, account, *position.values(), *_worked_out(position))))  # type: ignore[arg-type]
        if len(pending) >= SLICE:
            yield b"".join(pending)
            pending.clear()
    yield b"".join(pending)


def _worked_out(position: PositionView) -> Iterator[Value]:
    """What one unit cost, and the Greeks of the whole position: shares move with themselves and have no other."""
    cost, units = position["avg_cost"], position["quantity"] * position["multiplier"]
    yield None if cost is None or not position["multiplier"] else cost / position["multiplier"]
    for name in GREEKS:
        if position["sec_type"] == "STK":
            yield position["quantity"] if name == "delta" else 0
        else:
            greek: float | None = position[name]  # type: ignore[literal-required]
            yield None if greek is None else greek * units
