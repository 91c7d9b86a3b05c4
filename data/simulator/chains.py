"""Which option contracts are listed: expirations, strikes, and the search for contracts by partial terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from data.simulator import calendar
from data.simulator.instruments import BY_SYMBOL, UNDERLYINGS, Instrument, by_con_id, option, stock

WEEKS, MONTHS = 9, 7
STRIKE_RANGE = 0.40
"""Strikes are listed this far from the underlying's reference price, as a fraction."""


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


@lru_cache(maxsize=64)
def expirations(today: date) -> tuple[str, ...]:
    """Listed expirations from ``today`` on as ``YYYYMMDD``: weekly Fridays, monthlies, and two Januaries.

    A Friday on which the exchange is closed expires on the session before.
    """
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    days = {friday + timedelta(weeks=n) for n in range(WEEKS)}
    for n in range(MONTHS):
        year, month = divmod(today.year * 12 + today.month - 1 + n, 12)
        days.add(_third_friday(year, month + 1))
    days |= {_third_friday(today.year + n, 1) for n in (1, 2)}
    trading = {calendar.previous_session(day) for day in days}
    return tuple(f"{day:%Y%m%d}" for day in sorted(trading) if day >= today)


@lru_cache(maxsize=256)
def strikes(symbol: str, reference: float) -> tuple[float, ...]:
    """Listed strikes around a reference price, ascending."""
    step = BY_SYMBOL[symbol].strike_step
    low = max(round(reference * (1 - STRIKE_RANGE) / step), 1)
    high = round(reference * (1 + STRIKE_RANGE) / step)
    return tuple(n * step for n in range(low, high + 1))


class Listing:
    """Finds contracts by whole or partial terms, as contract details and orders need it."""

    def __init__(self) -> None:
        # Listings follow coarse steps of the price, so that strikes do not appear and vanish with every tick.
        self._reference = {u.symbol: u.price for u in UNDERLYINGS}

    def follow(self, symbol: str, price: float) -> None:
        """Re-centre the strikes once the price has left the middle of the listed range."""
        if abs(price / self._reference[symbol] - 1) > STRIKE_RANGE / 2:
            self._reference[symbol] = price

    def strikes(self, symbol: str) -> tuple[float, ...]:
        """Strikes listed now."""
        return strikes(symbol, self._reference[symbol])

    def find(
        self, today: date, con_id: int, symbol: str, sec_type: str, expiry: str, strike: float, right: str
    ) -> Iterator[Instrument]:
        """Every contract that matches; empty or zero terms match all.

        Expired contracts are not found, as in TWS. ``expiry`` may be a month (``YYYYMM``). A strike that is off the current list is found if it is named and lies
        on the strike grid: contracts listed earlier stay tradable.
        """
        if con_id:
            try:
                found = by_con_id(con_id)
            except KeyError:
                return
            expired = found.is_option and found.expiry_date < today
            if not expired and symbol in ("", found.symbol):
                yield found
            return
        if symbol not in BY_SYMBOL:
            return
        if sec_type in ("STK", ""):
            yield stock(symbol)
        elif sec_type == "OPT" and BY_SYMBOL[symbol].has_options:
            yield from self._options(today, symbol, expiry, strike, right)

    def _options(self, today: date, symbol: str, expiry: str, strike: float, right: str) -> Iterator[Instrument]:
        rights = [right[0]] if right[:1] in ("C", "P") else ["C", "P"]
        listed = self.strikes(symbol)
        on_grid = strike > 0 and (strike / BY_SYMBOL[symbol].strike_step).is_integer() and strike < 2048
        wanted = listed if strike <= 0 else ((strike,) if on_grid else ())
        for day in expirations(today):
            if day.startswith(expiry):
                for price in wanted:
                    for side in rights:
                        yield option(symbol, day, price, side)
