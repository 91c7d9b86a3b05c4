"""What can be traded here: the underlyings, their dividends, and option contracts with ids that are a code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache

from data.simulator import calendar

_EPOCH = date(2020, 1, 1)
_BLOCK = 100_000_000
_STRIKES = 4096
OPTION_EXCHANGES = ("SMART", "CBOE", "ISE", "PHLX")


@dataclass(frozen=True, slots=True)
class Underlying:
    """A stock or ETF and how it behaves. ``volatility`` is per year; ``dividend`` is USD per share and payment."""

    symbol: str
    name: str
    exchange: str
    price: float
    volatility: float
    beta: float
    sector: str
    strike_step: float
    stock_type: str = "COMMON"
    dividend: str = "0"
    months: tuple[int, ...] = ()
    ex_day: int = 10
    industry: str = ""
    has_options: bool = True


_QUARTERS = {1: (1, 4, 7, 10), 2: (2, 5, 8, 11), 3: (3, 6, 9, 12)}
_MONTHLY = tuple(range(1, 13))

# The order is part of the contract ids: append, never reorder. Twenty fit into a 32-bit id.
UNDERLYINGS: tuple[Underlying, ...] = (
    Underlying("SPY", "SPDR S&P 500 ETF TRUST", "ARCA", 682.0, 0.16, 1.0, "index", 1, "ETF", "1.83", _QUARTERS[3], 20),
    Underlying("QQQ", "INVESCO QQQ TRUST", "NASDAQ", 605.0, 0.21, 1.2, "index", 1, "ETF", "0.69", _QUARTERS[3], 22),
    Underlying("IWM", "ISHARES RUSSELL 2000 ETF", "ARCA", 242.0, 0.22, 1.2, "index", 1, "ETF", "0.65", _QUARTERS[3], 16),
    Underlying("AAPL", "APPLE INC", "NASDAQ", 268.0, 0.27, 1.1, "tech", 2.5, "COMMON", "0.26", _QUARTERS[2], 10, "Technology"),
    Underlying("MSFT", "MICROSOFT CORP", "NASDAQ", 495.0, 0.24, 1.0, "tech", 5, "COMMON", "0.91", _QUARTERS[2], 19, "Technology"),
    Underlying("NVDA", "NVIDIA CORP", "NASDAQ", 182.0, 0.45, 1.8, "tech", 1, "COMMON", "0.01", _QUARTERS[3], 4, "Technology"),
    Underlying("AMD", "ADVANCED MICRO DEVICES", "NASDAQ", 215.0, 0.52, 1.9, "tech", 2.5, "COMMON", "0", (), 10, "Technology"),
    Underlying("KO", "COCA-COLA CO/THE", "NYSE", 71.5, 0.15, 0.4, "staples", 1, "COMMON", "0.51", _QUARTERS[3], 13, "Consumer, Non-cyclical"),
    Underlying("F", "FORD MOTOR CO", "NYSE", 13.1, 0.34, 1.2, "autos", 0.5, "COMMON", "0.15", _QUARTERS[2], 11, "Consumer, Cyclical"),
    Underlying("T", "AT&T INC", "NYSE", 25.6, 0.22, 0.5, "telecom", 0.5, "COMMON", "0.28", _QUARTERS[1], 10, "Communications"),
    Underlying("XLE", "ENERGY SELECT SECTOR SPDR", "ARCA", 90.0, 0.24, 0.8, "energy", 1, "ETF", "0.71", _QUARTERS[3], 22),
    Underlying("TLT", "ISHARES 20+ YEAR TREASURY BOND", "NASDAQ", 89.5, 0.14, -0.2, "bonds", 0.5, "ETF", "0.32", _MONTHLY, 2),
    Underlying("SGOV", "ISHARES 0-3 MONTH TREASURY BND", "ARCA", 100.5, 0.002, 0.0, "cash", 1, "ETF", "0.34", _MONTHLY, 2, "", False),
    Underlying("PLTR", "PALANTIR TECHNOLOGIES INC-A", "NASDAQ", 165.0, 0.58, 2.0, "tech", 2.5, "COMMON", "0", (), 10, "Technology"),
    Underlying("INTC", "INTEL CORP", "NASDAQ", 36.0, 0.46, 1.3, "tech", 0.5, "COMMON", "0", (), 10, "Technology"),
    Underlying("DIS", "WALT DISNEY CO/THE", "NYSE", 108.0, 0.27, 1.0, "media", 1, "COMMON", "0.50", (1, 7), 24, "Communications"),
    Underlying("JPM", "JPMORGAN CHASE & CO", "NYSE", 305.0, 0.23, 1.1, "banks", 2.5, "COMMON", "1.50", _QUARTERS[1], 6, "Financial"),
    Underlying("SOFI", "SOFI TECHNOLOGIES INC", "NASDAQ", 28.0, 0.56, 1.8, "banks", 0.5, "COMMON", "0", (), 10, "Financial"),
)  # fmt: skip
BY_SYMBOL = {u.symbol: u for u in UNDERLYINGS}
_INDEX = {u.symbol: n for n, u in enumerate(UNDERLYINGS)}


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract: a stock (or ETF), an option on one, or the combination of some (``BAG``)."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str = ""
    strike: float = 0.0
    right: str = ""

    @property
    def is_option(self) -> bool:
        return self.sec_type == "OPT"

    @property
    def multiplier(self) -> int:
        """Shares per contract."""
        return 100 if self.is_option else 1

    @property
    def expiry_date(self) -> date:
        return date(int(self.expiry[:4]), int(self.expiry[4:6]), int(self.expiry[6:8]))

    @property
    def expiry_moment(self) -> float:
        """When it stops trading, in seconds since the epoch."""
        day = self.expiry_date
        return calendar.timestamp(day, calendar.close_time(day))

    @property
    def local_symbol(self) -> str:
        """The OSI symbol of an option, the ticker of a stock."""
        if not self.is_option:
            return self.symbol
        return f"{self.symbol:<6}{self.expiry[2:]}{self.right}{round(self.strike * 1000):08d}"

    @property
    def trading_class(self) -> str:
        # TWS names stocks' trading classes NMS and the like by listing; nobody reads it.
        return self.symbol if self.is_option else ("NMS" if self.primary_exchange == "NASDAQ" else self.symbol)

    @property
    def primary_exchange(self) -> str:
        if self.sec_type != "STK":
            return ""
        return BY_SYMBOL[self.symbol].exchange


@cache
def stock(symbol: str) -> Instrument:
    """The stock or ETF of that name; KeyError if there is none."""
    return Instrument((_INDEX[symbol] + 1) * _BLOCK, symbol, "STK")


@lru_cache(maxsize=20_000)
def option(symbol: str, expiry: str, strike: float, right: str) -> Instrument:
    """An option contract. Its id is a code of its terms, so that every run and every restart gives the same one.

    Raises ValueError for terms that no id can express (strikes are multiples of 0.5 below 2048).
    """
    half_dollars = strike * 2
    day = date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:8]))
    days = (day - _EPOCH).days
    if (
        half_dollars != int(half_dollars)
        or not 0 < half_dollars < _STRIKES
        or not 0 <= days < 8192
        or right not in "CP"
    ):
        raise ValueError(f"no such option: {symbol} {expiry} {strike} {right}")
    code = (days * 2 + (right == "P")) * _STRIKES + int(half_dollars)
    return Instrument((_INDEX[symbol] + 1) * _BLOCK + code, symbol, "OPT", expiry, float(strike), right)


@lru_cache(maxsize=20_000)
def by_con_id(con_id: int) -> Instrument:
    """The contract that an id stands for; KeyError if it stands for none."""
    block, code = divmod(con_id, _BLOCK)
    if not 1 <= block <= len(UNDERLYINGS):
        raise KeyError(con_id)
    symbol = UNDERLYINGS[block - 1].symbol
    if code == 0:
        return stock(symbol)
    rest, half_dollars = divmod(code, _STRIKES)
    days, is_put = divmod(rest, 2)
    if half_dollars == 0 or days >= 8192 or not BY_SYMBOL[symbol].has_options:
        raise KeyError(con_id)
    expiry = f"{_EPOCH + timedelta(days=days):%Y%m%d}"
    return option(symbol, expiry, half_dollars / 2, "P" if is_put else "C")


@lru_cache(maxsize=4096)
def _ex_dates(symbol: str, year: int) -> tuple[date, ...]:
    spec = BY_SYMBOL[symbol]
    return tuple(calendar.next_session(date(year, month, spec.ex_day)) for month in spec.months)


def dividends(symbol: str, after: date, until: date) -> list[tuple[date, Decimal]]:
    """Ex-dates and amounts per share with ``after < ex-date <= until``."""
    amount = Decimal(BY_SYMBOL[symbol].dividend)
    years = range(after.year, until.year + 1)
    return [(day, amount) for year in years for day in _ex_dates(symbol, year) if after < day <= until]
