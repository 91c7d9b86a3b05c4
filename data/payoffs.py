"""What the positions in one underlying come to, at the nearest expiry and before it: positions, price, rate and dividends put
together for the pricing process, and its answer for readers. QuantLib is never loaded here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from data.analytics import dividends
from data.analytics.positions import EUROPEAN, NEW_YORK
from data.payoff_views import BoundView, LeftOutView, PayoffCurveView, PayoffLegView, PayoffView, UnderlyingView
from data.pricing import expiry, span, wire
from data.pricing.expiry import Extremes, Leg
from data.views import PositionView

if TYPE_CHECKING:
    from data.reads import Reads

Price = Callable[[wire.Request], wire.Answer]

MOST_DATES = 8
USUAL_VOLATILITY = 0.3  # how far a chart reaches where none is known
VIX = frozenset({"VIX", "VIXW"})
NO_FORWARD = "VIX options are priced off the forward of their expiry, which is not known"


class NoPayoffError(LookupError):
    """Nothing of it is held that has a payoff; one sentence for the user."""


class CannotPriceError(ValueError):
    """There are positions, but the payoff can't be computed now; one sentence for the user."""


class BadDatesError(ValueError):
    """What was asked for isn't between today and the nearest expiry, or isn't one currency; one sentence for the user."""


class PricingAwayError(Exception):
    """The pricing process doesn't answer; one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Book:
    """What is priced together. `legs` are those of `taken`."""

    underlying: UnderlyingView
    today: date
    nearest: date | None  # expiry
    taken: list[PositionView]
    legs: list[Leg]
    left_out: list[LeftOutView]

    @property
    def last(self) -> date:
        """The last expiry; today where nothing expires."""
        return max((date.fromisoformat(p["expiry"]) for p in self.taken if p["expiry"]), default=self.today)

    @property
    def later(self) -> list[str]:
        """Expiries after the nearest."""
        found = {p["expiry"] for p in self.taken if p["expiry"]} - {self.nearest and self.nearest.isoformat()}
        return sorted(day for day in found if day)


class Payoffs:
    """`price` asks the pricing process; it raises CannotPriceError and PricingAwayError. Every method raises what :class:`data.reads.Reads` raises."""

    def __init__(self, reads: Reads, price: Price, risk_free_pct: float) -> None:
        self._reads, self._price, self._risk_free_pct = reads, price, risk_free_pct

    def view(self, account: str, symbol: str, dates: Sequence[date] = (), currency: str | None = None) -> PayoffView:
        """On `dates` beside today and the nearest expiry.

        Raises:
            NoPayoffError, CannotPriceError, BadDatesError, PricingAwayError.
        """
        held = _held(list(self._reads.position_rows(account).items.values()), symbol, currency)
        now = self._reads.clock()
        book = _book(symbol, held, now.astimezone(NEW_YORK).date())
        currency = held[0]["currency"]
        told = self._reads.risk.next_dividend(symbol, currency)
        coming = dividends.expected(symbol, told, now, book.today, book.last)
        days = _days(book, dates)
        places = span.spots(book.legs, book.underlying["price"], _deviation(book), bool(book.later))
        answer = self._price(self._request(book, coming, days, places))
        curves = _curves(book, days, places.spots, answer)
        legs = _legs(book, answer)
        found = _extremes(book, places.spots, curves)
        marks = [leg["mark"] for leg in legs]
        return {
            "account": account,
            "symbol": symbol,
            "currency": currency,
            "freshness": self._reads.portfolio_row(account)[2].freshness.value,
            "as_of": min([book.underlying["as_of"], *(leg["as_of"] for leg in legs)]),
            "day": book.today.isoformat(),
            "expiry": book.nearest.isoformat() if book.nearest else None,
            "underlying": book.underlying,
            "risk_free_pct": self._risk_free_pct,
            "dividends": {
                "items": [{"ex_date": day.isoformat(), "amount": amount} for day, amount in coming.items],
                "as_of": told["as_of"] if told else None,
                "reason": coming.reason,
            },
            "legs": legs,
            "left_out": book.left_out,
            "pnl": None if None in marks else round(sum(_at_mark(p, p["market_price"] or 0.0) for p in book.taken), 2),
            "max_profit": _bound(found, found.max_profit if found else None),
            "max_loss": _bound(found, found.max_loss if found else None),
            "break_evens": [round(float(root), 4) for root in found.break_evens] if found else [],
            "extremes_are": None if found is None else "model" if book.later else "exact",
            "shown": [round(edge, 4) for edge in places.shown],
            "spots": places.spots,
            "curves": curves,
            "notes": list(_notes(symbol, book, legs, coming)),
        }

    def _request(self, book: Book, coming: dividends.Expected, days: list[date], places: span.Places) -> wire.Request:
        return {
            "legs": [_asked(position, leg) for position, leg in zip(book.taken, book.legs, strict=True)],
            "day": book.today.isoformat(),
            "spot": book.underlying["price"],
            "rate": math.log1p(self._risk_free_pct / 100),
            "dividends": [(day.isoformat(), amount) for day, amount in coming.items],
            "days": [day.isoformat() for day in days],
            "spots": places.spots,
        }


def _held(positions: list[PositionView], symbol: str, currency: str | None) -> list[PositionView]:
    held = [p for p in positions if p["symbol"] == symbol and currency in (None, p["currency"])]
    if not held:
        others = ", ".join(sorted({p["symbol"] for p in positions})[:20]) or "nothing at all"
        raise NoPayoffError(f"Nothing of {symbol} is held{f' in {currency}' if currency else ''}; there is {others}.")
    currencies = sorted({p["currency"] for p in held})
    if len(currencies) > 1:
        raise BadDatesError(
            f"{symbol} is held in several currencies: add currency= with one of {', '.join(currencies)}."
        )
    return held


def _book(symbol: str, held: list[PositionView], today: date) -> Book:
    taken, left_out = [], list[LeftOutView]()
    for position in held:
        reason = _why_not(position, today)
        if reason is None:
            taken.append(position)
        else:
            left_out.append({"con_id": position["con_id"], "local_symbol": position["local_symbol"], "reason": reason})
    if not taken:
        raise NoPayoffError(f"Of {symbol} nothing is held whose payoff can be told: {left_out[0]['reason']}.")
    expiries = [date.fromisoformat(p["expiry"]) for p in taken if p["expiry"]]
    return Book(
        _underlying(symbol, held), today, min(expiries, default=None), taken, [_leg(p) for p in taken], left_out
    )


def _why_not(position: PositionView, today: date) -> str | None:
    """Why a position isn't among those whose payoff is told."""
    if position["sec_type"] not in ("STK", "OPT"):
        return "only shares and options on shares and indexes are covered"
    if position["non_standard"]:
        return "what an adjusted option delivers is not known"
    if position["avg_cost"] is None:
        return "what was paid for it is not known"
    if position["expiry"] is not None and date.fromisoformat(position["expiry"]) < today:
        return "it has expired, and the broker has not booked yet what became of it"
    return None


def _underlying(symbol: str, held: Sequence[PositionView]) -> UnderlyingView:
    """The mark of shares that are held, else what the options' newest Greeks were computed on."""
    shares = [p for p in held if p["sec_type"] == "STK" and p["market_price"]]
    if shares:
        return {"price": shares[0]["market_price"] or 0.0, "as_of": shares[0]["as_of"], "source": "shares"}
    told = [p for p in held if p["underlying_price"] and p["underlying_price"] > 0]
    if not told:
        raise CannotPriceError(
            f"The price of {symbol} is not known: it comes with the shares' mark or the options' Greeks, as soon as the market "
            "data does."
        )
    newest = max(told, key=lambda p: p["as_of"])
    return {"price": newest["underlying_price"] or 0.0, "as_of": newest["as_of"], "source": "greeks"}


def _leg(position: PositionView) -> Leg:
    quantity = _exact(position["quantity"])
    money = quantity, _exact(position["multiplier"]), quantity * _exact(position["avg_cost"] or 0.0)
    if position["right"] is None or position["strike"] is None:
        return Leg(*money)
    return Leg(*money, position["right"], _exact(position["strike"]))


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _asked(position: PositionView, leg: Leg) -> wire.AskedLeg:
    option: wire.AskedOption | None = None
    if position["right"] is not None and position["strike"] is not None and position["expiry"] is not None:
        option = {
            "right": position["right"],
            "strike": position["strike"],
            "expiry": position["expiry"],
            "is_american": position["trading_class"] not in EUROPEAN,
        }
    return {
        "quantity": str(leg.quantity),
        "multiplier": str(leg.multiplier),
        "cost": str(leg.cost),
        "option": option,
        "mark": None if position["trading_class"] in VIX else position["market_price"],
        "forward": None,
    }


def _days(book: Book, dates: Sequence[date]) -> list[date]:
    """Rising: today, those that are asked for, the nearest expiry."""
    last = book.nearest or book.today
    if any(not book.today <= day <= last for day in dates):
        until = f"the nearest expiry, {last}" if book.nearest else "today: nothing of it expires"
        raise BadDatesError(f"dates must lie between today, {book.today}, and {until}.")
    if len(set(dates)) > MOST_DATES:
        raise BadDatesError(f"dates must be {MOST_DATES} at most.")
    return sorted({book.today, last, *dates})


def _deviation(book: Book) -> float:
    if book.nearest is None:
        return USUAL_VOLATILITY / 4
    known = [p["implied_vol"] for p in book.taken if p["implied_vol"] and p["implied_vol"] > 0]
    return max(known, default=USUAL_VOLATILITY) * math.sqrt((book.nearest - book.today).days / 365)


def _curves(book: Book, days: Sequence[date], spots: list[float], answer: wire.Answer) -> list[PayoffCurveView]:
    here = spots.index(book.underlying["price"])
    found: list[PayoffCurveView] = []
    for day, profits in zip(days, answer["profits"], strict=True):
        told = [None if profit is None else round(profit, 2) for profit in profits]
        kind = "expiry" if day == book.nearest else "today" if day == book.today else "before"
        found.append({"day": day.isoformat(), "kind": kind, "at_spot": told[here], "profits": told})  # type: ignore[typeddict-item]
    return found


def _legs(book: Book, answer: wire.Answer) -> list[PayoffLegView]:
    found: list[PayoffLegView] = []
    for position, implied in zip(book.taken, answer["implied"], strict=True):
        reason = implied["reason"] if implied else None
        found.append({
            "con_id": position["con_id"],
            "local_symbol": position["local_symbol"],
            "sec_type": position["sec_type"],
            "quantity": position["quantity"],
            "multiplier": position["multiplier"],
            "right": position["right"],
            "strike": position["strike"],
            "expiry": position["expiry"],
            "average_price": round((position["avg_cost"] or 0.0) / position["multiplier"], 6),
            "mark": position["market_price"],
            "as_of": position["as_of"],
            "volatility": implied["volatility"] if implied else None,
            "reason": NO_FORWARD if reason and position["trading_class"] in VIX else reason,
        })  # fmt: skip
    return found


def _at_mark(position: PositionView, mark: float) -> float:
    return position["quantity"] * (mark * position["multiplier"] - (position["avg_cost"] or 0.0))


def _extremes(book: Book, spots: list[float], curves: list[PayoffCurveView]) -> Extremes | None:
    """At the nearest expiry: exact, or by the curve where some live on; None where that has no figures."""
    if not book.later:
        return expiry.extremes(book.legs)
    profits = [profit for profit in curves[-1]["profits"] if profit is not None]
    if len(profits) < len(spots):
        return None
    line = [(_exact(spot), _exact(profit)) for spot, profit in zip(spots, profits, strict=True)]
    return expiry.extremes_of(book.legs, [(expiry.ZERO, expiry.profit(book.legs, expiry.ZERO)), *line])


def _bound(found: Extremes | None, value: Decimal | None) -> BoundView:
    return {
        "value": None if value is None else round(float(value), 2),
        "is_unlimited": found is not None and value is None,
    }


def _notes(symbol: str, book: Book, legs: Sequence[PayoffLegView], coming: dividends.Expected) -> Iterator[str]:
    for out in book.left_out:
        yield f"{out['local_symbol']} is not in the figures: {out['reason']}."
    for leg in legs:
        if leg["reason"] and leg["expiry"] and leg["expiry"] > book.today.isoformat():
            yield (
                f"{leg['local_symbol']} has no implied volatility ({leg['reason']}): before its expiry there is no curve."
            )
    if book.nearest == book.today:
        yield "The nearest expiry is today: there is no curve before it."
    if book.later:
        yield (
            f"At the nearest expiry positions of {', '.join(book.later)} live on: they keep their time value, and most profit, "
            "most loss and break-evens are the model's."
        )
    options = [p for p in book.taken if p["expiry"]]
    if any(p["trading_class"] in EUROPEAN for p in options):
        yield f"The forward of {symbol} is taken to be its price at the risk-free rate: dividends of the index are not in it."
    if coming.reason and any(p["trading_class"] not in EUROPEAN for p in options):
        yield f"{coming.reason} What is not known is not in the figures: before an ex-date calls are worth less, and puts more."
    if any(p["expiry"] is None for p in book.taken):
        yield "Dividends that the shares receive on the way are not in the figures."
