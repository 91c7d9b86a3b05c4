"""The past of the demo: the simulated world, fast-forwarded from a first deposit to now.

It is the same market and the same books that go on in the gateway afterwards, with trades as the demo's bot makes them; only
the clock is ours: a step a minute while the exchange is open, one for the night. The same seed, span and end give the same past, to the cent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as daytime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from data import model
from data.simulator import records, samples, wheel
from data.simulator.account import CENT, ZERO, cents
from data.simulator.calendar import Hours, close_time, local, next_session, previous_session, sessions, timestamp
from data.simulator.instruments import BY_SYMBOL, UNDERLYINGS, Instrument, Underlying, by_con_id, stock
from data.simulator.market import Quote, hours_pace, mix
from data.simulator.matching import fill_at
from data.simulator.orders import Order
from data.simulator.pastbot import BOT, PastBot
from data.simulator.paths import STEP, Paths
from data.simulator.records import CashFlow, Decision, utc
from data.simulator.world import DividendPaid, Executed, OrderChanged, World

MINUTE, DAY = 60.0, 86400.0
VALUED_EVERY = 10
"""Minutes between two whole valuations, and between two samples of a position."""
SESSION_YEARS, NIGHT_YEARS = 0.55 / 252, 0.17 / 252
"""How much of a year's variance a session and a night bring. Together less than one day's of the volatility that options
are priced with: what is implied lies above what is realised, which is what a seller of options lives on."""
SESSION_SECONDS, NIGHT_SECONDS = 6.5 * 3600, 17.5 * 3600
EVERY_HOUR = Hours(always=True)
MARKET_DRIFT = 0.07
"""What a stock with a beta of one gains in a year beside its dividends."""

FIRST_DEPOSIT = Decimal(140_000)
TRANSFERS = (
    (0.21, Decimal(10_000), "Deposit"), (0.46, Decimal(15_000), "Deposit"), (0.71, Decimal(-8_000), "Withdrawal"),
    (0.88, Decimal(5_000), "Deposit"),
)  # fmt: skip
"""Later transfers, by the share of the span that has passed."""
CREDIT_RATE, DEBIT_RATE, WITHOUT_INTEREST = Decimal("0.031"), Decimal("0.058"), Decimal(10_000)
"""Interest on cash above what earns none, and on debt, per year."""
TURNS, TURNS_BY_DAY = 3, 6
"""How often in a session the wheel looks, and in a day that never closes; it trades once at most each time."""


@dataclass(slots=True)
class Chapter:
    """A stretch of the past: rows for the bulk path, records for the store."""

    until: date
    done: float
    """Share of the whole span that is told with it."""
    portfolio: list[samples.Row] = field(default_factory=list)
    positions: list[samples.Row] = field(default_factory=list)
    executions: list[model.Execution] = field(default_factory=list)
    orders: list[model.Order] = field(default_factory=list)
    flows: list[CashFlow] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    cash_states: list[model.CashState] = field(default_factory=list)


class History:
    """The past of one account over the ``days`` before ``end``; :meth:`tell` it, then ``world`` is the present."""

    def __init__(self, seed: int, days: int, end: float, account: str, hours: Hours) -> None:
        """``end``: seconds since the epoch; ``hours``: those of the gateway that will go on."""
        self.seed, self.end, self.account_id = seed, float(int(end)), account
        today = local(end).date()
        last = previous_session(today)
        if _close(last) > end:
            last = previous_session(last - timedelta(days=1))
        first = min(next_session(today - timedelta(days=days)), last)
        self._name = f"demo-{seed}-{first:%Y%m%d}"
        self._sessions = list(sessions(first, last))
        self.begin = self._opened = self._accrued = _open(first)
        years = (today - first).days / 365
        prices = {u.symbol: round(u.price * math.exp(-_drift(u) * years), 2) for u in UNDERLYINGS}
        self.world = World(seed, self._opened - 1, [account], hours, prices)
        self._account = self.world.accounts[account]
        self._bot = PastBot(self.world, self._account)
        self._chapter = Chapter(first, 0.0)
        self._estimate: samples.Estimate | None = None
        self._flows = 0
        self._interest = ZERO
        self.paths = Paths()
        self.first_figures: tuple[float, samples.Figures] | None = None
        """The instant of the first sample, and its figures: what total P&L counts from."""

    # -- the story

    def tell(self) -> Iterator[Chapter]:
        """The past, one session after the other, and then today until ``end``."""
        self.world.market.pace = _pace
        self._flow("deposit", FIRST_DEPOSIT, "First deposit", self._opened)
        transfers = {int(share * len(self._sessions)): (amount, what) for share, amount, what in TRANSFERS}
        for number, day in enumerate(self._sessions):
            self._chapter.until = day
            self._begin(day)
            if number in transfers and number:
                amount, what = transfers[number]
                self._flow("deposit" if amount > 0 else "withdrawal", amount, what, self.world.moment)
            self._session(day)
            yield self._told((number + 1) / (len(self._sessions) + 1))
        self._today()
        yield self._told(1.0)

    def _told(self, done: float) -> Chapter:
        chapter, self._chapter = self._chapter, Chapter(self._chapter.until, done)
        chapter.done = done
        return chapter

    def _begin(self, day: date) -> None:
        """The night before: prices gap and grow, and on a month's first session its interest is booked."""
        moment, night = _open(day), _open(day) - self.world.moment
        self.world.step(moment)
        self._collect()
        for spec in UNDERLYINGS:
            growth = _drift(spec, dividends=True) * (night + SESSION_SECONDS) / (365 * DAY)
            self.world.market.grow(spec.symbol, math.exp(growth))
        self.world.market.reopen()
        self._accrue(moment)
        if day.month != previous_session(day - timedelta(days=1)).month and cents(self._interest):
            self._flow("interest", cents(self._interest), "Interest of last month", moment)
            self._interest = ZERO

    def _accrue(self, moment: float) -> None:
        cash, seconds = self._account.cash, int(moment - self._accrued)
        rate = CREDIT_RATE if cash > 0 else DEBIT_RATE
        base = max(cash - WITHOUT_INTEREST, ZERO) if cash > 0 else cash
        self._interest += base * rate * seconds / (365 * int(DAY))
        self._accrued = moment

    def _session(self, day: date) -> None:
        """A whole session, and its end: the close is the price of its last second."""
        self._minutes(day, _close(day))
        self._chapter.cash_states.append(
            samples.cash_state(self.account_id, self.world.moment, self.world.valuation(self.account_id))
        )
        self.world.market.pace = _standstill
        self.world.step(min(self.world.hours.session_end(day), self.end))
        self.world.market.pace = _pace
        self._collect()

    def _minutes(self, day: date, until: float) -> None:
        """A session's minutes; each is sampled in its last second."""
        first, whole = _open(day), int((_close(day) - _open(day)) / MINUTE)
        turns = {int((n + mix(self.seed, day, n)) * whole / TURNS) for n in range(TURNS)} - {0}
        told, stocks = [], self.world.market.stocks
        for minute in range(int((until - first) / MINUTE)):
            self._minute(first + (minute + 1) * MINUTE - 1, minute, day, trades=minute in turns)
            if (minute + 1) * MINUTE % STEP == 0:
                told.append({symbol: state.last for symbol, state in stocks.items()})
        if len(told) * STEP == whole * MINUTE:
            self.paths.keep(day, told)

    def _today(self) -> None:
        """From the last close until now. A market that never closes is told through; else the part of the session."""
        world, hours = self.world, self.world.hours
        if hours.always:
            self._around_the_clock()
        elif _open(next_session(local(self.end).date())) <= self.end < _close(local(self.end).date()):
            day = self._chapter.until = local(self.end).date()
            self._begin(day)
            self._minutes(day, self.end)
        world.market.pace = hours_pace(hours)
        world.step(self.end)
        self._collect()
        self._value(self.end, EVERY_HOUR.session_date(self.end), positions=True)

    def _around_the_clock(self) -> None:
        since = _close(self._sessions[-1])
        self.world.market.pace = hours_pace(self.world.hours)
        turns = {int((n + mix(self.seed, since, n)) * 1440 / TURNS_BY_DAY) for n in range(TURNS_BY_DAY)}
        for minute in range(int((self.end - since) / MINUTE)):
            moment = since + (minute + 1) * MINUTE - 1
            self._chapter.until = day = EVERY_HOUR.session_date(moment)
            self._minute(moment, minute, day, trades=minute in turns)

    def _minute(self, moment: float, minute: int, day: date, *, trades: bool) -> None:
        self.world.step(moment)
        if trades:
            self._trade()
        valued = (minute + 1) % VALUED_EVERY == 0  # the last minute of every session is one of them
        if valued or self._estimate is None:
            self._value(moment, day, positions=valued)
        else:
            row = samples.portfolio_row(self.account_id, moment, day, self._estimate.at(moment))
            self._chapter.portfolio.append(row)

    # -- samples

    def _value(self, moment: float, day: date, *, positions: bool) -> None:
        """A row of the whole valuation, and one of each position if wanted."""
        world, chapter = self.world, self._chapter
        value = world.valuation(self.account_id)
        self._estimate = samples.Estimate(world.market, moment, value)
        figures = samples.figures(value)
        if self.first_figures is None:
            self.first_figures = (moment, figures)
        chapter.portfolio.append(samples.portfolio_row(self.account_id, moment, day, figures))
        if positions:
            chapter.positions += samples.position_rows(self.account_id, moment, day, value, world.market)

    # -- trades and bookings

    def _trade(self) -> None:
        """What belongs together, in the middle give or take a cent: what patient limit orders get."""
        world = self.world
        for deed in self._bot.deeds():
            idea = deed.idea
            rounding = ROUND_FLOOR if idea.action == "SELL" else ROUND_CEILING
            price = max(world.market.mark(idea.contract).quantize(CENT, rounding), CENT)
            quote = world.market.quote(idea.contract)
            order = world.place(wheel.order_of(world, self.account_id, idea, float(price), deed.ref, deed.client))
            if deed.strategy is not None:
                self._decide(f"order {order.perm_id}", deed.strategy, idea.contract, deed.reason, order, quote)
            self._collect()
            fill_at(world, order, idea.quantity, price)
            self._collect()
        for skip in self._bot.skipped:
            self._decide(f"skip {skip.contract.con_id}", skip.strategy, skip.contract, skip.reason)
        self._bot.skipped.clear()

    def _decide(
        self,
        key: str,
        strategy: str,
        it: Instrument,
        reason: str,
        order: Order | None = None,
        quote: Quote | None = None,
    ) -> None:
        """A line of the bot's ledger; keys name the past, too: another one is another bot's life."""
        bid, ask = (quote.bid, quote.ask) if quote else (None, None)
        kind = "intent" if order else "skip"
        decision = Decision(
            f"{self._name} {key}", f"{BOT}/{strategy}", utc(self.world.moment), kind, it, reason, order, bid, ask
        )
        self._chapter.decisions.append(decision)

    def _flow(self, kind: str, amount: Decimal, description: str, moment: float) -> None:
        if kind in ("deposit", "withdrawal"):
            self._account.deposit(amount)
        elif kind == "interest":
            self._account.credit(amount)
        self._flows += 1
        self._estimate = None
        self._chapter.flows.append(CashFlow(f"{self._name}-{self._flows}", utc(moment), kind, amount, description))

    def _collect(self) -> None:
        """Take up what the world has told; whatever was booked makes the next sample a whole valuation."""
        events, self.world.events = self.world.events, []
        if not events:
            return
        self._estimate = None
        chapter, moment = self._chapter, self.world.moment
        chapter.executions += records.executions([e.execution for e in events if isinstance(e, Executed)])
        chapter.orders += [records.order(e.order, moment) for e in events if isinstance(e, OrderChanged)]
        for event in events:
            if isinstance(event, DividendPaid):
                self._flow("dividend", event.amount, f"Dividend of {event.symbol}", moment)

    # -- what is known at the end

    @property
    def name(self) -> str:
        """Names this past: no other has the same first flow."""
        return f"{self._name}-1"

    def contracts(self) -> list[model.Contract]:
        """The stocks and ETFs of the demo."""
        return [records.contract(stock(u.symbol)) for u in UNDERLYINGS]

    def bars(self, con_id: int) -> dict[model.BarWhat, list[model.PriceBar]]:
        """The daily bars of a stock since the first day, with the prices that the world had."""
        symbol = by_con_id(con_id).symbol
        found: dict[model.BarWhat, list[model.PriceBar]] = {"trades": [], "implied_vol": []}
        for text, of_symbols in self.world.market.days.items():
            ts = utc(_midnight(date.fromisoformat(text)))
            day = of_symbols[symbol]
            found["trades"].append(model.PriceBar(ts, *day[:5]))
            if BY_SYMBOL[symbol].has_options:
                found["implied_vol"].append(model.PriceBar(ts, *day[5:]))
        return found

    def state(self) -> dict[str, Any]:
        """The present, for the gateway to go on from."""
        return self.world.dump()

    def path_state(self) -> dict[str, Any]:
        """What its sessions did inside, for the gateway to answer from."""
        return self.paths.dump(self.world)


def _standstill(_: float) -> float:
    return 0.0


def _pace(elapsed: float) -> float:
    if elapsed <= MINUTE:
        return elapsed * SESSION_YEARS / SESSION_SECONDS
    return min(elapsed, DAY) * NIGHT_YEARS / NIGHT_SECONDS


def _drift(spec: Underlying, *, dividends: bool = False) -> float:
    """A year's drift; with what goes out as dividends it is the drift beside the ex-dates."""
    paid = float(spec.dividend) * len(spec.months) / spec.price if dividends or spec.sector == "cash" else 0.0
    return (0.0 if spec.sector in ("cash", "bonds") else MARKET_DRIFT * (0.5 + 0.5 * spec.beta)) + (
        paid if dividends else 0.0
    )


def _open(day: date) -> float:
    return timestamp(day, daytime(9, 30))


def _close(day: date) -> float:
    return timestamp(day, close_time(day))


def _midnight(day: date) -> float:
    return (day - date(1970, 1, 1)).days * DAY
