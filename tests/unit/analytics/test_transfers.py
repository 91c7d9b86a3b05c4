"""Random days of an account, as the broker tells them: only what was moved in or out is suspected to have been."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from data.analytics.transfers import Cash, Moved, Paid, Suspected, Worth, suspected

T0 = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
NET = Decimal(150_000)
Event = tuple[str, int]
SILENT = ("prices", "reset", "trade", "late trade", "untold trade", "assignment", "expiry", "currency", "conversion", "ex-dividend",
          "dividend", "interest", "fee", "restart", "night")  # fmt: skip


@dataclass(slots=True)
class Day:
    """An account with dollars, euros and positions. Every event is told after `wait` seconds, with how that changes what is told."""

    wait: int = 400
    now: datetime = T0
    usd: Decimal = Decimal(60_000)
    eur: Decimal = Decimal(20_000)
    rate: Decimal = Decimal("1.10")
    held: Decimal = Decimal(68_000)
    owed: Decimal = Decimal(0)
    daily: Decimal = Decimal(100)
    states: list[Cash] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    moves: list[Suspected] = field(default_factory=list)
    is_new: bool = False  # a poller that has just begun knows nothing of before

    def worth(self) -> Worth:
        return Worth(self.now, self.usd + self.eur * self.rate + self.held + self.owed, self.daily)

    def tell(self, before: Worth | None) -> None:
        balances = {"USD": (self.usd, Decimal(1)), "EUR": (self.eur, self.rate)}
        if not self.states or (balances["USD"][0], balances["EUR"][0], self.owed) != (
            self.states[-1].balances["USD"][0], self.states[-1].balances["EUR"][0], self.states[-1].accrued,
        ):  # fmt: skip
            self.states.append(Cash(self.worth(), balances, self.owed, before))

    def live(self, events: list[Event]) -> Day:
        self.tell(None)
        for name, size in events:
            before = None if self.is_new else self.worth()
            self.is_new = False
            self.now += timedelta(seconds=self.wait)
            before = replace(before, ts=self.now - timedelta(seconds=2)) if before and name != "night" else before
            self.happen(name, Decimal(size))
            self.tell(before)
        return self

    def happen(self, name: str, size: Decimal) -> None:
        match name:
            case "prices":
                self.held, self.daily = self.held + size, self.daily + size
            case "reset":
                self.daily = Decimal(0)
            case "trade" | "late trade" | "untold trade":  # sold for `size`, with a commission
                self.usd, self.held, self.daily = self.usd + size - 1, self.held - size, self.daily - 1
                at = self.now - timedelta(seconds=200 if name == "late trade" else -3)
                self.moved.append(Moved(self.now, len(self.moved)))
                if name != "untold trade":
                    con_id = self.moved[-1].con_id
                    self.paid += [Paid(at, "USD", size, con_id), Paid(at, "USD", Decimal(-1), con_id)]
            case "assignment":  # shares come at the strike, and nothing says so
                self.usd, self.held = self.usd - 50 * abs(size), self.held + 50 * abs(size)
                self.moved.append(Moved(self.now, len(self.moved)))
            case "expiry":
                self.held, self.daily = self.held + abs(size), self.daily + abs(size)
                self.moved.append(Moved(self.now, len(self.moved)))
            case "currency":  # the broker's daily P&L is set not to count it
                self.rate *= 1 + size / 100_000
            case "conversion":
                self.eur, self.usd = self.eur + size, self.usd - size * self.rate
            case "ex-dividend":
                self.owed += abs(size)
                self.held -= abs(size)
            case "dividend":  # weeks after its ex-date
                self.now += timedelta(days=14)
                self.usd, self.owed = self.usd + self.owed, Decimal(0)
            case "interest":
                self.usd += abs(size) % 10
            case "fee":
                self.usd -= abs(size) % 10
            case "restart":
                self.is_new = True
            case "night":  # nobody looked: prices moved, what was sold is told as it is for today
                self.now += timedelta(hours=15)
                self.held, self.daily = self.held + size, Decimal(0)
            case "transfer":
                self.usd += size
                self.moves.append(Suspected(self.now, size))

    def found(self) -> list[Suspected]:
        return suspected(self.states, self.paid, self.moved)


sizes = st.integers(-3000, 3000)
happenings = st.lists(st.tuples(st.sampled_from(SILENT), sizes), max_size=25)
waits = st.sampled_from([3, 100, 301, 1200])


@given(happenings, waits)
@example([("dividend", 0), ("ex-dividend", 900), ("night", 500), ("dividend", 0)], 400)
@example([("untold trade", 900), ("reset", 0), ("night", -900)], 400)
@example([("untold trade", 900), ("prices", 900), ("reset", 0), ("trade", 5)], 3)
@example([("prices", 900), ("untold trade", 900), ("reset", 0), ("fee", 1)], 3)
@example([("prices", -900), ("late trade", 900), ("reset", 0), ("fee", 1)], 100)
@example([("assignment", 60), ("prices", -3000), ("reset", 0), ("fee", 1)], 100)
def test_what_is_no_transfer_is_not_suspected(events: list[Event], wait: int) -> None:
    assert Day(wait).live(events).found() == []


@given(happenings, st.sampled_from([-1, 1]), st.integers(4000, 60_000), happenings)
def test_a_transfer_is_found_to_the_cent_whatever_else_happens(
    before: list[Event], sign: int, amount: int, after: list[Event]
) -> None:
    day = Day().live([*before, ("prices", 100), ("transfer", sign * amount), ("prices", -100), *after])
    assert day.found() == day.moves
    assert day.found() == suspected(day.states, reversed(day.paid), reversed(day.moved))


@given(sizes, st.integers(4000, 60_000))
def test_with_trades_around_it_the_amount_is_the_transfers(size: int, amount: int) -> None:
    around: list[Event] = [("trade", size), ("transfer", amount), ("trade", size // 2)]
    (found,) = Day(wait=20).live(around).found()
    assert found.amount == amount


def test_one_that_came_while_nobody_looked_is_found_where_nothing_else_moved() -> None:
    def night(*more: Event) -> list[Suspected]:
        return Day().live([("restart", 0), ("transfer", 10_000), *more]).found()

    day = Day()
    day.tell(None)
    day.now += timedelta(hours=15)
    day.usd, day.held = day.usd + 10_000, day.held - 2500
    day.tell(None)
    assert [each.amount for each in day.found()] == [10_000]
    day.moved.append(Moved(day.now, 1))  # what was bought or sold then, nobody knows
    assert day.found() == []
    assert len(night()) == 1


def test_what_comes_back_is_withdrawn() -> None:
    """A glitch that stood for a minute: cash and net liquidation are as before."""
    day = Day(wait=60).live([("transfer", 9000)])
    assert len(day.found()) == 1
    assert day.live([("transfer", -9000)]).found() == []


def states() -> Iterator[Cash]:
    yield Cash(Worth(T0, NET, None), {"USD": (NET, Decimal(1))}, None, None)
    later = Worth(T0 + timedelta(hours=1), NET + 400, None)
    yield Cash(later, {"USD": (NET + 400, Decimal(1))}, None, Worth(T0 + timedelta(minutes=59), NET, None))


def test_the_threshold_grows_with_the_account() -> None:
    start, end = states()
    assert suspected([start, end], [], [])[0].amount == 400
    large = replace(end, worth=replace(end.worth, net=NET * 2))
    assert suspected([start, large], [], []) == []
    assert suspected([], [], []) == []
