"""Prices that move: correlated stocks, a volatility surface that moves with them, and option quotes priced from both.

Every step draws from a generator seeded with (seed, step number): the same seed and the same steps give the same market,
also across a restart, without storing a generator's state.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from data.simulator import pricing
from data.simulator.calendar import Hours, close_time, local, timestamp
from data.simulator.chains import Listing
from data.simulator.instruments import BY_SYMBOL, UNDERLYINGS, Instrument, Underlying, dividends
from data.simulator.pricing import Greeks

RATE = 0.04
YEAR = 365 * 86400.0
SESSION_SECONDS = 6.5 * 3600.0
TRADING_YEAR = 252 * SESSION_SECONDS
REVERSION = 2.0
"""Pull of log prices to their anchor, per year: a demo that runs for months keeps believable prices."""
KEPT_DAYS = 500
MONTH = 30 / 365
MOST_TRADES = 60
"""Trades that one step stands for at most, each of some round lots."""
_CENT, _MARK = Decimal("0.01"), Decimal("0.0001")


@dataclass(slots=True)
class StockState:
    """One underlying. ``spot`` is unrounded; ``level`` is the at-the-money volatility around which its term structure lies."""

    spot: float
    anchor: float
    level: float
    open: float
    high: float
    low: float
    close: float
    close_level: float
    volume: int = 0
    revision: int = 0
    bounce: float = 0.0
    level_open: float = 0.0
    level_high: float = 0.0
    level_low: float = 0.0

    def __post_init__(self) -> None:
        if not self.level_open:
            self.level_open = self.level_high = self.level_low = self.level

    @property
    def last(self) -> float:
        """The last traded price, in whole cents: the spot, give or take which side traded."""
        return round(self.spot + self.bounce, 2)


class Quote(NamedTuple):
    """Top of book. Prices in USD per share, sizes in shares or contracts; ``close`` is the previous session's."""

    bid: float
    ask: float
    last: float
    close: float
    bid_size: int
    ask_size: int
    last_size: int
    volume: int

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


class OptionView(NamedTuple):
    """An option's quote, its model Greeks, and the volatility and the spot they were computed from."""

    quote: Quote
    greeks: Greeks
    vol: float
    spot: float
    dividends: float
    """Present value of the dividends until expiry, USD per share."""


def hours_pace(hours: Hours) -> Callable[[float], float]:
    """How much of a year's movement some seconds are; where the exchange keeps hours, nights are no trading time."""
    if hours.always:
        return lambda elapsed: elapsed / YEAR
    return lambda elapsed: min(elapsed, SESSION_SECONDS) / TRADING_YEAR


def at_the_money(symbol: str, years: float, level: float) -> float:
    """The term structure: near volatility is ``level``, far volatility the symbol's usual one."""
    base = BY_SYMBOL[symbol].volatility
    return base + (level - base) * math.exp(-1.5 * years) + 0.01 * math.exp(-8 * years)


def mix(*parts: object) -> float:
    """A fixed number in [0, 1) for some words: sizes, volumes and open interest that stay put."""
    return random.Random("/".join(map(str, parts))).random()


def _loadings(spec: Underlying) -> tuple[float, float, float]:
    """What a symbol has of the market's, its sector's and its own shock.

    A one-factor model with a sector factor: the weights square to one, so that the sum has unit variance.
    """
    of_market = max(min(spec.beta * 0.16 / spec.volatility, 0.9), -0.9) if spec.sector != "cash" else 0.0
    rest = 1 - of_market**2
    return of_market, math.sqrt(0.35 * rest), math.sqrt(0.65 * rest)


LOADINGS = {u.symbol: _loadings(u) for u in UNDERLYINGS}


class Market:
    """The simulated market. ``seed`` decides everything but the clock."""

    def __init__(self, seed: int, hours: Hours, moment: float, prices: Mapping[str, float] | None = None) -> None:
        """``prices``: where the symbols begin, USD; their usual ones if not given."""
        self.seed, self.hours = seed, hours
        self.pace: Callable[[float], float] = hours_pace(hours)
        self.listing = Listing()
        self.moment = moment
        self.step_number = 0
        self.previous_close = moment
        self.first_session = hours.session_date(moment)
        self.days: dict[str, dict[str, list[float]]] = {}
        """By session and symbol, since the world began: open, high, low, close, volume; the same four of the 30-day
        implied volatility (days of old states lack these)."""
        begin = prices or {}
        self.stocks = {u.symbol: self._fresh(u.symbol, begin.get(u.symbol, u.price), u.volatility) for u in UNDERLYINGS}
        for symbol, price in begin.items():
            self.listing.follow(symbol, price)
        self.first_closes = {symbol: state.close for symbol, state in self.stocks.items()}
        self._views: dict[int, tuple[int, float, OptionView]] = {}
        self._closes: dict[int, float] = {}

    @staticmethod
    def _fresh(symbol: str, price: float, vol: float) -> StockState:
        # Yesterday's close differs a little from today's open, else a fresh demo shows a day of nothing.
        close = round(price * (1 + (mix(symbol, "close") - 0.5) * vol / 10), 2)
        return StockState(price, price, vol, close, max(price, close), min(price, close), close, vol)

    # -- movement

    def step(self, moment: float, activity: float = 1.0) -> set[str]:
        """Move to ``moment``; returns the symbols whose last price changed.

        ``activity`` is the share of symbols that trade in this step: all in a session, few before and after it.
        """
        elapsed = max(moment - self.moment, 0.0)
        self.moment = moment
        years = self.pace(elapsed)
        if not years:
            return set()
        self.step_number += 1
        draw = random.Random(f"{self.seed}/{self.step_number}")
        trades = min(max(int(elapsed), 1), MOST_TRADES)
        market = draw.gauss(0, 1)
        sectors: dict[str, float] = {}
        changed = set()
        for spec in UNDERLYINGS:
            sector = sectors.setdefault(spec.sector, draw.gauss(0, 1))
            own = draw.gauss(0, 1)
            state = self.stocks[spec.symbol]
            if activity < 1.0 and draw.random() >= activity:
                continue
            before = state.last
            self._move(spec, state, years, market, sector, own)
            if draw.random() < 0.5:
                state.bounce = draw.uniform(-0.01, 0.01)
            last = state.last
            if last != before:
                changed.add(spec.symbol)
                if last > state.high:
                    state.high = last
                elif last < state.low:
                    state.low = last
                state.revision += 1
                state.volume += (1 + int(draw.random() * 8)) * 100 * trades
                self.listing.follow(spec.symbol, state.spot)
        return changed

    @staticmethod
    def _move(spec: Underlying, state: StockState, years: float, market: float, sector: float, own: float) -> None:
        of_market, of_sector, of_own = LOADINGS[spec.symbol]
        shock = of_market * market + of_sector * sector + of_own * own
        root = math.sqrt(years)
        deviation = spec.volatility * root
        pull = REVERSION * math.log(state.anchor / state.spot) * years
        state.spot = max(state.spot * math.exp(pull - 0.5 * deviation**2 + deviation * shock), 0.05)
        # Volatility rises as prices fall: leverage of -0.7, a vol of vol of 80 % a year, bounded.
        vol_shock = -0.7 * shock + 0.714 * own
        level = state.level * math.exp(6.0 * math.log(spec.volatility / state.level) * years + 0.8 * root * vol_shock)
        state.level = min(max(level, spec.volatility / 2.5), spec.volatility * 2.5)
        if state.level > state.level_high:
            state.level_high = state.level
        elif state.level < state.level_low:
            state.level_low = state.level

    def set_price(self, symbol: str, price: float) -> None:
        """Jump to ``price`` and stay around it."""
        state = self.stocks[symbol]
        state.spot = state.anchor = price
        state.bounce = 0.0
        state.high, state.low = max(state.high, price), min(state.low, price)
        state.revision += 1
        self.listing.follow(symbol, price)

    def grow(self, symbol: str, factor: float) -> None:
        """A drift, which the price and what it returns to share."""
        state = self.stocks[symbol]
        state.spot *= factor
        state.anchor *= factor
        state.revision += 1

    def drop(self, symbol: str, amount: float) -> None:
        """Take a dividend out of the price and of yesterday's close, as the exchange does on the ex-date."""
        state = self.stocks[symbol]
        for name in ("spot", "anchor", "close", "open", "low", "high"):
            setattr(state, name, max(round(getattr(state, name) - amount, 6), 0.05))
        state.revision += 1

    def roll(self, moment: float, session: date) -> None:
        """End ``session`` and begin a new one: today's last becomes the previous close."""
        self.days[session.isoformat()] = {
            symbol: [round(x.open, 2), round(x.high, 2), round(x.low, 2), x.last, x.volume, *self.vol_bar(symbol)]
            for symbol, x in self.stocks.items()
        }
        while len(self.days) > KEPT_DAYS:
            del self.days[min(self.days)]
        self._closes.clear()
        self._views.clear()
        self.previous_close = moment
        for state in self.stocks.values():
            state.close, state.close_level = state.last, state.level
            state.open = state.high = state.low = state.last
            state.volume = 0
            state.level_open = state.level_high = state.level_low = state.level
            state.revision += 1

    def reopen(self) -> None:
        """Let the session begin here: what moved since the last close is a gap before its first trade."""
        for state in self.stocks.values():
            state.open = state.high = state.low = state.last
            state.level_open = state.level_high = state.level_low = state.level

    # -- quotes

    def quote(self, instrument: Instrument) -> Quote:
        """The top of book of a stock or an option."""
        return self.view(instrument).quote if instrument.is_option else self._stock_quote(instrument.symbol)

    def _stock_quote(self, symbol: str) -> Quote:
        state = self.stocks[symbol]
        last = state.last
        tick = 0.01 if last < 300 else 0.02
        size = 100 * (1 + state.revision * 7 % 9)
        return Quote(
            round(last - tick / 2 - 0.0001, 2),
            round(last + tick / 2 + 0.0051, 2),
            last,
            state.close,
            size,
            100 * (1 + state.revision * 5 % 7),
            100,
            state.volume,
        )

    def vol(self, symbol: str, strike: float, years: float, spot: float, level: float) -> float:
        """The surface: a term structure around ``level``, a skew that flattens with time, and a smile."""
        root = math.sqrt(max(years, 1 / 365))
        moneyness = math.log(strike / spot) / root
        base = BY_SYMBOL[symbol].volatility
        skew = -0.11 if BY_SYMBOL[symbol].stock_type == "ETF" else -0.07
        factor = 1 + skew * moneyness / (2 * base) * 0.5 + 0.06 * moneyness**2
        return at_the_money(symbol, years, level) * min(max(factor, 0.6), 2.2)

    def vol_bar(self, symbol: str) -> list[float]:
        """Open, high, low and last of the session's implied volatility, at the money and 30 days out."""
        state = self.stocks[symbol]
        levels = (state.level_open, state.level_high, state.level_low, state.level)
        return [round(at_the_money(symbol, MONTH, level), 6) for level in levels]

    def _model(self, option: Instrument, moment: float, spot: float, level: float) -> tuple[Greeks, float, float]:
        years = (option.expiry_moment - moment) / YEAR
        today = local(moment).date()
        due = [
            ((timestamp(day, close_time(day)) - moment) / YEAR, float(amount))
            for day, amount in _dividends(option.symbol, today, option.expiry)
        ]
        escrowed = pricing.escrow(spot, RATE, due, years) if due else spot
        vol = self.vol(option.symbol, option.strike, years, spot, level)
        european = pricing.black_scholes(option.right, escrowed, option.strike, years, vol, RATE)
        return pricing.american_floor(european, option.right, spot, option.strike), vol, spot - escrowed

    def view(self, option: Instrument) -> OptionView:
        """Quote and Greeks of an option, computed once per change of its underlying or minute."""
        state = self.stocks[option.symbol]
        known = self._views.get(option.con_id)
        if known and known[0] == state.revision and self.moment - known[1] < 60:
            return known[2]
        greeks, vol, pv = self._model(option, self.moment, state.last, state.level)
        view = OptionView(self._option_quote(option, greeks, state), greeks, vol, state.last, pv)
        if len(self._views) > 5000:
            self._views.clear()
        self._views[option.con_id] = (state.revision, self.moment, view)
        return view

    def _option_quote(self, option: Instrument, greeks: Greeks, state: StockState) -> Quote:
        fair = greeks.price
        half = max(0.01, round(fair * 0.008, 2))
        bid, ask = max(round(fair - half, 2), 0.0), max(round(fair + half, 2), 0.01)
        wobble = (option.con_id + state.revision) % 40
        volume = int(mix(option.con_id, "volume") * 900 * math.exp(-abs(math.log(option.strike / state.spot)) * 12))
        return Quote(bid, ask, round((bid + ask) / 2, 2), self.close(option), 5 + wobble, 8 + wobble // 2, 1, volume)

    def close(self, instrument: Instrument) -> float:
        """The previous session's closing price."""
        state = self.stocks[instrument.symbol]
        if not instrument.is_option:
            return state.close
        known = self._closes.get(instrument.con_id)
        if known is None:
            greeks, _, _ = self._model(instrument, self.previous_close, state.close, state.close_level)
            known = self._closes[instrument.con_id] = round(greeks.price, 2)
        return known

    def open_interest(self, option: Instrument) -> int:
        """Open contracts: most where strikes are round and near."""
        near = math.exp(-abs(math.log(option.strike / BY_SYMBOL[option.symbol].price)) * 6)
        return 100 + int(mix(option.con_id, "interest") * 9000 * near * (3 if option.strike % 5 == 0 else 1))

    def mark(self, instrument: Instrument) -> Decimal:
        """The price at which the account values a contract, to four decimals: a stock's last, an option's mid."""
        if not instrument.is_option:
            return Decimal(str(self.stocks[instrument.symbol].last)).quantize(_CENT)
        quote = self.view(instrument).quote
        return Decimal(str(quote.mid)).quantize(_MARK, ROUND_HALF_EVEN)

    # -- state

    def dump(self) -> dict[str, Any]:
        """Everything that a later process needs to go on without a jump."""
        return {
            "moment": self.moment,
            "step": self.step_number,
            "previous_close": self.previous_close,
            "first_session": self.first_session.isoformat(),
            "first_closes": self.first_closes,
            "stocks": {symbol: asdict(state) for symbol, state in self.stocks.items()},
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take up what :meth:`dump` gave."""
        self.moment, self.step_number = data["moment"], data["step"]
        self.previous_close = data["previous_close"]
        self.first_session = date.fromisoformat(data["first_session"])
        self.first_closes = data["first_closes"]
        for symbol, values in data["stocks"].items():
            if symbol in self.stocks:
                self.stocks[symbol] = StockState(**values)
                self.listing.follow(symbol, self.stocks[symbol].spot)


def _dividends(symbol: str, today: date, expiry: str) -> list[tuple[date, Decimal]]:
    if not BY_SYMBOL[symbol].months:
        return []
    return dividends(symbol, today, date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:8])))
