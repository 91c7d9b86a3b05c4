"""Random lives of a book, told twice: as sources, and as what they add up to by plain arithmetic, without lots or trips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from data.book.sources import Change, Fill, Flow, Terms

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
EXPIRY = date(2026, 3, 20)
HUNDRED = Decimal(100)


def option(con_id: int, symbol: str, strike: int, right: str, currency: str = "USD") -> Terms:
    local = f"{symbol} 260320{right}{strike}"
    return Terms(con_id, symbol, local, "OPT", currency, HUNDRED, Decimal(strike), right, EXPIRY)


KO = Terms(1, "KO", "KO", "STK", "USD")
SAP = Terms(2, "SAP", "SAP", "STK", "EUR")
P60, P55, C70 = option(3, "KO", 60, "P"), option(4, "KO", 55, "P"), option(5, "KO", 70, "C")
E90 = option(6, "SAP", 90, "P", "EUR")
SPX = option(7, "SPX", 5000, "P")  # settled in cash
SHARES = {"KO": KO, "SAP": SAP}
CONTRACTS = (KO, SAP, P60, P55, C70, E90, SPX)

PRICES = st.decimals("0", "500", places=4)
FEES = st.none() | st.decimals("-1", "5", places=4)
COUNTS = st.integers(1, 5)


@dataclass
class Life:
    """Sources, in the order they happened, and sums: `cash` by currency, `held` by con_id."""

    fills: list[Fill] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    wrong: list[Fill] = field(default_factory=list)  # reports that a correction replaced
    cash: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    held: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    transfers: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    terms: dict[int, Terms] = field(default_factory=lambda: {t.con_id: t for t in CONTRACTS})
    now: datetime = START

    def __repr__(self) -> str:
        """What happened, short enough to read in a failing example."""
        lines = [
            f"{e.ts:%d %H:%M:%S} {e.key} "
            + (f"{e.terms.local_symbol} {e.quantity} at {e.price} {e.kind} fee {e.fee} {e.fee_currency or ''} {e.order}"
               if isinstance(e, Fill) else f"{e.into.local_symbol} × {e.ratio}")
            for e in sorted([*self.fills, *self.changes], key=lambda e: (e.ts, e.key))
        ]  # fmt: skip
        return "\n".join(["", *lines])

    def fill(
        self, con_id: int, quantity: Decimal, price: Decimal, kind: str = "trade", fee: Decimal | None = None,
        fee_currency: str | None = None, order: str | None = None, strategy: str | None = None,
    ) -> None:  # fmt: skip
        terms = self.terms[con_id]
        key = f"e{len(self.fills):04d}"
        self.fills.append(
            Fill(key, terms, self.now, self.now.date(), quantity, price, kind, fee, fee_currency, order, strategy)
        )
        if kind == "combo" or not quantity:
            return
        if kind == "opening":
            self.held[con_id] += quantity
            self.transfers[terms.currency] += quantity * price * terms.multiplier
            return
        self.held[con_id] += quantity
        self.cash[terms.currency] -= quantity * price * terms.multiplier
        if fee is not None:
            self.cash[fee_currency or terms.currency] -= fee

    def flow(self, kind: str, amount: Decimal, currency: str, symbol: str | None = None) -> None:
        self.flows.append(Flow(f"f{len(self.flows)}", self.now, kind, amount, currency, symbol))
        self.cash[currency] += amount
        if kind in ("deposit", "withdrawal"):
            self.transfers[currency] += amount

    def change(self, con_id: int, into: Terms, ratio: Fraction) -> None:
        self.now += timedelta(seconds=1)  # overnight, never in the second of a trade
        self.changes.append(Change(f"c{len(self.changes)}", con_id, into, self.now, ratio))
        self.now += timedelta(seconds=1)
        exact = self.held[con_id] * ratio.numerator / ratio.denominator
        rounded = exact.quantize(Decimal("0.0001"))
        self.held[con_id] = exact if rounded == 0 else rounded
        self.terms[con_id] = into

    def deliver(self, con_id: int, contracts: Decimal, kind: str) -> None:
        """An assignment or exercise of what is held, with the shares."""
        terms, sign = self.terms[con_id], -1 if self.held[con_id] < 0 else 1
        shares = contracts * terms.multiplier * (1 if (terms.right == "P") == (sign < 0) else -1)
        assert terms.strike is not None
        self.fill(con_id, -sign * contracts, Decimal(0), kind)
        self.fill(SHARES[terms.symbol].con_id, shares, terms.strike, kind)


Action = Callable[[Life], None]


EXECUTED = ("trade", "trade", "trade", "roll", "deliver", "deliver", "expire", "combo", "correct")
ANYTHING = (*EXECUTED, "split", "multiplier", "flow", "opening")


@st.composite
def actions(draw: st.DrawFn, kinds: Sequence[str] = ANYTHING, contracts: Sequence[Terms] = CONTRACTS) -> Action:
    """One thing that happens, if it can."""
    what = draw(st.sampled_from(kinds))
    con_id = draw(st.sampled_from([t.con_id for t in contracts]))
    count, price, fee = Decimal(draw(COUNTS)), draw(PRICES), draw(FEES)
    sign = draw(st.sampled_from([-1, 1]))
    other = draw(st.sampled_from([None, None, "USD", "EUR"]))
    pause = draw(st.sampled_from([0, 0, 1, 300, 7200, 90_000, 500_000]))
    lots = draw(st.sampled_from([Decimal(1), Decimal(30), HUNDRED, Decimal("0.5")]))
    ratio = draw(st.sampled_from([Fraction(2), Fraction(3, 2), Fraction(1, 3), Fraction(1, 10)]))
    kind = draw(st.sampled_from(["deposit", "withdrawal", "dividend", "interest", "tax", "fee"]))
    strategy = draw(st.sampled_from([None, "a/one", "a/two"]))

    def act(life: Life) -> None:
        life.now += timedelta(seconds=pause)
        terms, held = life.terms[con_id], life.held[con_id]
        some = min(count, abs(held))
        order = f"o{len(life.fills)}"
        if what == "trade":
            quantity = sign * (count if terms.is_option else count * lots)
            life.fill(con_id, quantity, price, "trade", fee, other, order, strategy)
        elif what == "opening" and not held:
            life.fill(con_id, sign * count, price, "opening")
        elif what == "combo":
            life.fill(con_id, sign * count, price, "combo")
        elif what == "roll" and con_id in (3, 4) and held < 0:
            life.fill(con_id, some, price, "trade", fee, None, order, strategy)
            life.fill(7 - con_id, -some, price + 1, "trade", fee, None, order, strategy)
        elif what == "deliver" and held and terms.is_option and con_id != SPX.con_id:
            life.deliver(con_id, some, "assignment" if held < 0 else "exercise")
        elif what == "expire" and held and terms.is_option:
            life.fill(con_id, some if held < 0 else -some, Decimal(0), "expiry")
        elif what == "split" and not terms.is_option:
            life.change(con_id, terms, ratio)
        elif what == "multiplier" and con_id == C70.con_id:
            life.change(con_id, replace(terms, multiplier=terms.multiplier + 50), Fraction(1))
        elif what == "flow":
            amount = price if kind in ("deposit", "dividend", "interest") else -price
            life.flow(kind, amount, other or "USD", "KO" if kind == "dividend" else None)
        elif what == "correct":
            old = Fill(
                f"e{len(life.fills):04d}", terms, life.now, life.now.date(), sign * (count + 1), price + 1, "trade", None, None, order
            )  # fmt: skip
            life.wrong.append(old)  # what was reported first; a correction of quantity 0 is a bust
            life.fill(con_id, Decimal(0) if other is None else sign * count, price, "trade", fee, None, order)

    return act


def lived(those: list[Action]) -> Life:
    life = Life()
    for act in those:
        act(life)
    return life


LIVES = st.lists(actions(), max_size=40).map(lived)
# Of few contracts, over weeks: positions turn round, orders are rolled, puts assigned, all over again.
BUSY = st.lists(actions(("trade", "trade", "roll", "deliver"), (KO, P60, P55)), min_size=8, max_size=30).map(lived)
TURNING = st.lists(actions(("trade",), (P60,)), min_size=6, max_size=16).map(lived)
