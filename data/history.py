"""History: what an account, a position or an instrument was worth over any span, in at most so many points.

Every answer is read from a stored level (:mod:`data.resolution` chooses it), so that its cost depends on the points and not on
the length of the history. Reached as `Reads.history`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from pydantic_core import to_json

from data import rows
from data.analytics import indicators
from data.analytics.indicators import WARM_UP
from data.analytics.returns import Bucket, Flow, performance
from data.history_rows import ALWAYS, bar, flow, point, problem, stored_bars
from data.resolution import (
    DAY,
    HOUR,
    INDICATOR_POINTS,
    LEVEL_S,
    MAX_SOURCE,
    MIN_POINTS,
    MINUTE,
    POINTS,
    Frame,
    Span,
    Step,
    TradingDays,
    Window,
    choose,
    coarser,
    frame_span,
    span_of,
    warm_up_days,
    whole_steps,
)
from data.views import (
    BarsView,
    HistoryView,
    IndicatorsView,
    OutageView,
    PositionHistoryView,
    ResolutionName,
)

Fetch = Callable[..., list[Any]]
CALENDAR_KEPT = timedelta(hours=12)  # the migration step adds sessions now and then
ENDS_KEPT = timedelta(seconds=60)
ENDS_KNOWN = 500
TINY = timedelta(microseconds=1)
PAYLOAD = 100_000
"""Bytes of JSON that an answer has at most."""
NIGHTS_TOO = 1.25
"""Something changes in the nights too where it does in so many times the hours of the sessions."""
FITTING, INDICATORS_FITTING = 800, 360
"""As many points as fit into it as a rule."""

View = TypeVar("View", HistoryView, PositionHistoryView, BarsView, IndicatorsView)


class UnknownInstrument(LookupError):  # noqa: N818 - what it is called everywhere
    """There is no such symbol or contract; the message is one sentence for the user."""


class History:
    """Safe for threads and greenlets. Every method raises what :class:`data.reads.Reads` raises, and
    :class:`data.resolution.BadWindow` for a span that can't be."""

    def __init__(self, fetch: Fetch, known: Callable[[str], object], clock: Callable[[], datetime]) -> None:
        """`fetch` reads a named query; `known` raises when there is no such account."""
        self._fetch = fetch
        self._known = known
        self._clock = clock
        self._days: tuple[datetime, TradingDays] | None = None
        self._lock = threading.Lock()
        self._known_ends: dict[tuple[Any, ...], tuple[datetime, tuple[datetime | None, datetime | None]]] = {}

    def frame(self, account: str, frame: Frame) -> tuple[datetime, datetime]:
        """The instants that a time frame's word means for this account now, the second excluded."""
        self._known(account)
        stored = self._stored("history", account=account)
        days, now = self.trading_days(), self._clock()
        span = frame_span(frame, stored["last"] or now, stored["first"] or now, days)
        return span.since, span.until

    def equity(self, account: str, window: Window = Window()) -> HistoryView:  # noqa: B008 - frozen
        """Net liquidation with P&L and time-weighted return; by default of the current trading day."""
        self._known(account)
        stored = self._stored("history", account=account)
        return _fitted(window.points or POINTS, FITTING, lambda points: self._equity(account, window, points, stored))

    def _equity(self, account: str, window: Window, points: int, stored: Mapping[str, Any]) -> HistoryView:
        key = {"account": account, "live_from": stored["live_from"]}
        span, step, found = self._read("equity_history", window, "1D", points, stored, **key)
        base, since = self._before("equity_before", found, span, step, stored, **key)
        flows = self._fetch("cash_flows", account=account, since=min(since, span.since), until=span.until)
        counted = [
            Flow(row["time"], rows.number(row["base_amount"])) for row in flows if row["time"] >= since.timestamp()
        ]
        shown = [row for row in flows if row["time"] >= int(span.since.timestamp())]
        results = self._results(found, step, counted, base)
        return {
            "account": account,
            "currency": stored["currency"],
            "resolution": step.level,
            "step_s": step.seconds,
            "since": rows.stamp(span.since),
            "until": rows.stamp(span.until),
            "first": rows.iso(stored["first"]),
            "last": rows.iso(stored["last"]),
            "seam": rows.iso(stored["seam"]),
            "items": [point(row, result.pnl, result.return_pct, 2) for row, result in zip(found, results, strict=True)],
            "flows": [flow(row) for row in shown],
            "outages": self._outages(account, span, step),
        }

    def position(self, account: str, con_id: int, window: Window = Window()) -> PositionHistoryView:  # noqa: B008
        """A position's market price and unrealised P&L; by default of the current trading day.

        Raises:
            UnknownInstrument: there is no such contract.
        """
        self._known(account)
        stored = self._stored("position", account=account, con_id=con_id)
        if not stored:
            raise UnknownInstrument(f"There is no contract {con_id} here.")
        key = {"account": account, "con_id": con_id}
        return _fitted(window.points or POINTS, FITTING, lambda points: self._position(key, window, points, stored))

    def _position(
        self, key: dict[str, Any], window: Window, points: int, stored: Mapping[str, Any]
    ) -> PositionHistoryView:
        span, step, found = self._read("position_history", window, "1D", points, stored, **key)
        base, _ = self._before("position_before", found, span, step, stored, **key)
        results = self._results(found, step, [], base)
        return {
            "account": key["account"],
            "con_id": key["con_id"],
            "symbol": stored["symbol"],
            "currency": stored["currency"],
            "resolution": step.level,
            "step_s": step.seconds,
            "since": rows.stamp(span.since),
            "until": rows.stamp(span.until),
            "first": rows.iso(stored["first"]),
            "last": rows.iso(stored["last"]),
            "items": [
                point(row, row["unrealized_pnl"], result.return_pct, 6)
                for row, result in zip(found, results, strict=True)
            ],
            "outages": self._outages(key["account"], span, step),
        }

    def bars(self, symbol: str, window: Window = Window()) -> BarsView:  # noqa: B008
        """The broker's bars of a symbol's stock (or index); by default all of them.

        Raises:
            UnknownInstrument: there is no such instrument.
        """
        levels = self._levels(symbol, "trades")
        return _fitted(window.points or POINTS, FITTING, lambda points: self._bars(levels, window, points))

    def _bars(self, levels: list[Any], window: Window, points: int) -> BarsView:
        stored = stored_bars(levels, self.trading_days())
        key = {"con_id": stored["con_id"], "what": "trades"}
        span, step, found = self._read("price_bars", window, "All", points, stored, **key)
        return {
            "symbol": stored["symbol"],
            "con_id": stored["con_id"],
            "currency": stored["currency"],
            "resolution": step.level,
            "step_s": step.seconds,
            "since": rows.stamp(span.since),
            "until": rows.stamp(span.until),
            "first": rows.iso(stored["first"]),
            "last": rows.iso(stored["last"]),
            "items": [bar(row) for row in found],
            "problem": problem(levels, step.level),
        }

    def indicators(self, symbol: str, window: Window = Window()) -> IndicatorsView:  # noqa: B008
        """The technical panel of a symbol; by default of all its bars. Bars before the span warm the windows up, so that a
        value doesn't depend on where the span begins.

        Raises:
            UnknownInstrument: there is no such instrument.
        """
        levels = self._levels(symbol, "trades")
        points = window.points or INDICATOR_POINTS
        return _fitted(points, INDICATORS_FITTING, lambda points: self._indicators(levels, window, points))

    def _indicators(self, levels: list[Any], window: Window, points: int) -> IndicatorsView:
        days = self.trading_days()
        stored = stored_bars(levels, days)
        key = {"con_id": stored["con_id"], "what": "trades"}
        span, step, found = self._read("price_bars", window, "All", points, stored, WARM_UP, **key)
        bars = [bar(row) for row in found]
        if bars:
            since = whole_steps(span, step, days).since
            earlier = Span(days.begin(days.back(days.date_of(since), warm_up_days(step, WARM_UP))), since)
            before = self._fetch("price_bars", **key, **_bounds(earlier, step, days))
            bars = [bar(row) for row in before][-WARM_UP:] + bars
        implied = self._implied(stored["con_id"], span, step, [row["time"] for row in found])
        opens = [days.opens(days.date_of(datetime.fromtimestamp(known["time"], UTC))) for known in bars]
        a_year = [indicators.bars_a_year(step.seconds, int(instant.timestamp())) for instant in opens]
        return {
            "symbol": stored["symbol"],
            "con_id": stored["con_id"],
            "currency": stored["currency"],
            "resolution": step.level,
            "step_s": step.seconds,
            "since": rows.stamp(span.since),
            "until": rows.stamp(span.until),
            "items": indicators.points(bars, implied, a_year)[len(bars) - len(found) :],
            "problem": problem(levels, step.level),
        }

    def _implied(self, con_id: int, span: Span, step: Step, times: list[int]) -> dict[int, float]:
        """The implied volatility at bars' times: of the bar, or below a day, where only days are kept, of its trading day."""
        if not times:
            return {}
        days, key = self.trading_days(), {"con_id": con_id, "what": "implied_vol"}
        found = self._fetch("price_bars", **key, **self._limits("price_bars", span, step))
        if found or step.level == "1d":
            return {row["time"]: row["close"] for row in found}
        daily = self._fetch("price_bars", **key, **_bounds(span, Step("1d", DAY), days))
        by_day = {datetime.fromtimestamp(row["time"], UTC).date(): row["close"] for row in daily}
        of = {time: days.date_of(datetime.fromtimestamp(time, UTC)) for time in times}
        return {time: by_day[day] for time, day in of.items() if day in by_day}

    def trading_days(self) -> TradingDays:
        """The exchange's sessions, kept for some hours."""
        now = self._clock()
        known = self._days
        if known is not None and now - known[0] < CALENDAR_KEPT:
            return known[1]
        with self._lock:
            found = self._fetch("sessions")
            days = TradingDays([(row["session_date"], row["opens"], row["closes"]) for row in found])
            self._days = (now, days)
            return days

    def _levels(self, symbol: str, what: str) -> list[Any]:
        """An instrument and what is stored of each level of its bars."""
        name = symbol.strip().upper()
        levels = self._fetch("bars_span", symbol=name, what=what) if "\0" not in name else []
        if not levels:
            raise UnknownInstrument("There is no such symbol here; bars are kept of what is held and of the benchmark.")
        return levels

    # -- reading -----------------------------------------------------------------------------------------------------

    def _stored(self, relation: str, **key: Any) -> dict[str, Any]:
        """What is stored: first, last, and since when each level is whole. Empty: no such thing."""
        row = next(iter(self._fetch(f"{relation}_span", **key)), None)
        if row is None:
            return {}
        first, last = self._ends(relation, **key)
        newest = row["newest"]
        whole = {"1m": row["minutes_from"] or ALWAYS, "1h": row["hours_from"] or ALWAYS, "1d": ALWAYS}
        last = max(last, newest) if last and newest else last
        # Of what a clock that was ahead has left no frame's present is made.
        found = {**row, "first": first, "last": min(last, self._clock()) if last else last, "whole": whole}
        return self._with_statements(found) if relation == "history" else found

    def _with_statements(self, stored: dict[str, Any]) -> dict[str, Any]:
        """With the days that statements have before the first sample: `seam` is where samples begin after them."""
        days, first, nav_first = self.trading_days(), stored["first"], stored["nav_first"]
        live_from = days.date_of(first) if first is not None else None
        found = {**stored, "live_from": live_from, "seam": None}
        if nav_first is None or (live_from is not None and nav_first >= live_from):
            return found
        begin = days.begin(nav_first)
        if live_from is None:
            return {**found, "first": begin, "last": days.end(stored["nav_last"]) - TINY}
        begins = days.begin(live_from)  # of the finer levels nothing is older
        whole = {level: max(since, begins) if level != "1d" else since for level, since in stored["whole"].items()}
        return {**found, "first": begin, "whole": whole, "seam": begins}

    def _ends(self, relation: str, **key: Any) -> tuple[datetime | None, datetime | None]:
        """The first and the last stored instant, kept for a while: they are found through every level's newest part."""
        name, now = (relation, *key.values()), self._clock()
        known = self._known_ends.get(name)
        if known is not None and now - known[0] < ENDS_KEPT:
            return known[1]
        row = self._fetch(f"{relation}_ends", **key)[0]
        ends = row["first_ts"], row["last_ts"]
        if ends[0] is not None:
            if len(self._known_ends) >= ENDS_KNOWN:
                self._known_ends.clear()
            self._known_ends[name] = (now, ends)
        return ends

    def _read(
        self, name: str, window: Window, default: Frame, points: int, stored: Mapping[str, Any], earlier: int = 0,
        **key: Any,
    ) -> tuple[Span, Step, list[Any]]:  # fmt: skip
        """The span, the step and the rows of a question: asked again with a wider step while there are too many. `earlier`:
        how many steps before the span will be read as well."""
        days, now = self.trading_days(), self._clock()
        first, last = stored["first"] or now, stored["last"] or now
        span = span_of(window, last, first, days, default)
        clipped, whole = _clipped(span, first, last, days), stored["whole"]
        step = choose(window.resolution, clipped, points, days, whole)
        if stored["first"] is None or span.since >= span.until:
            return span, step, []
        if window.resolution == "auto" and step.level != "1d":
            step = self._affordable(name, step, clipped, points, whole, earlier * step.seconds, **key)
        while len(found := self._fetch(name, **key, **self._limits(name, span, step))) > points:
            step = coarser(step, len(found), points, window.resolution)
        return span, step, found

    def _affordable(
        self, name: str, step: Step, span: Span, points: int, whole: Mapping[ResolutionName, datetime], earlier_s: int,
        **key: Any,
    ) -> Step:  # fmt: skip
        """The step that a span's sessions let choose, or a wider one: where too many minutes would be read (nights and a
        warm-up count too), or where the nights change as much as the sessions do and would make too many buckets."""
        wall_s = (span.until - span.since).total_seconds()
        open_s = sum(
            number * length for length, number in self.trading_days().open_spans(span.since, span.until).items()
        )
        minutes, busy_s = (open_s + earlier_s) / MINUTE, open_s
        if name != "price_bars" and (wall_s > MAX_SOURCE * MINUTE or wall_s > points * step.seconds):
            (row,) = self._fetch(
                name.replace("history", "hours"),
                **{k: v for k, v in key.items() if k != "live_from"},
                since=span.since,
                until=span.until,
            )
            minutes, busy_s = row["hours"] * HOUR / MINUTE, row["busy"] * HOUR
        if step.level == "1m" and minutes > MAX_SOURCE:
            step = choose("auto", span, points, self.trading_days(), {**whole, "1m": span.until})
        if busy_s > NIGHTS_TOO * open_s and busy_s > points * step.seconds:
            step = coarser(step, busy_s // step.seconds, points, "auto")
        return step

    def _limits(self, name: str, span: Span, step: Step) -> dict[str, Any]:
        """A bar is what the broker made of its time, so that a part of one is none; an account's worth may begin anywhere."""
        days = self.trading_days()
        return _bounds(whole_steps(span, step, days) if name == "price_bars" else span, step, days)

    def _before(
        self, name: str, found: list[Any], span: Span, step: Step, stored: Mapping[str, Any], **key: Any
    ) -> tuple[float | None, datetime]:
        """The close with which a span begins, and since when money that comes isn't part of it. None where nothing is stored
        of this or the trading day before: what happened meanwhile is no result of the span."""
        days = self.trading_days()
        today = days.date_of(span.since)
        earlier = days.back(today, 1)
        if not found or span.since <= stored["first"]:
            return None, span.since
        if step.level == "1d":
            since, until = _midnight(earlier), _midnight(today)
        else:
            since, until = days.begin(earlier), span.since
        row = next(iter(self._fetch(name, **key, resolution=step.level, since=since, until=until)), None)
        if row is None:
            return None, span.since
        end = days.end(row["session_date"])
        if step.level != "1d":
            end = min(end, datetime.fromtimestamp(row["time"] + LEVEL_S[step.level], UTC))
        return rows.number(row["close"]), end

    def _results(self, found: list[Any], step: Step, flows: list[Flow], base: float | None) -> list[Bucket]:
        days = self.trading_days()
        ends = [int(days.end(row["session_date"]).timestamp()) for row in found]
        if step.seconds < DAY:  # the next bucket's beginning cuts one that didn't begin at its step
            later = [row["time"] for row in found[1:]]
            ends = [min(end, row["time"] + step.seconds) for end, row in zip(ends, found, strict=True)]
            ends = [min(pair) for pair in zip(ends, later, strict=False)] + ends[len(later) :]
        return performance([rows.number(row["close"]) for row in found], ends, flows, base)

    def _outages(self, account: str, span: Span, step: Step) -> list[OutageView]:
        """Those that can be seen at this step: a shorter one leaves no gap."""
        found = self._fetch(
            "outages_span", account=account, since=span.since, until=span.until, least_s=min(step.seconds, DAY)
        )
        return [rows.outage(row) for row in found]


def _fitted(points: int, most: int, answer: Callable[[int], View]) -> View:
    """The answer with the most points, of those asked for, that stays within PAYLOAD."""
    points = min(points, most)
    while True:
        view = answer(points)
        of_points = len(to_json(view["items"]))
        rest = len(to_json(view)) - of_points  # deposits and outages, which fewer points hardly make fewer
        if of_points + rest <= PAYLOAD or points <= MIN_POINTS or rest > PAYLOAD // 2:
            return view
        points = max(MIN_POINTS, min(points, len(view["items"])) * (PAYLOAD - rest) // (of_points + 1))


def _bounds(span: Span, step: Step, days: TradingDays) -> dict[str, Any]:
    """A query's limits: by instant and by trading day, so that every level finds its rows by a key."""
    first, last = days.date_of(span.since), days.date_of(span.until - TINY)
    whole_days = step.level == "1d"
    return {
        "resolution": step.level,
        "since": _midnight(first) if whole_days else span.since,
        "until": _midnight(last + timedelta(days=1)) if whole_days else span.until,
        "first_day": first,
        "last_day": last,
        "step_s": step.seconds,
        "step_days": step.days,
        "skip_days": days.ordinal(first) % step.days,
    }


def _clipped(span: Span, first: datetime, last: datetime, days: TradingDays) -> Span:
    """The part of a span in which something is stored: it alone decides how fine an answer can be."""
    since = max(span.since, days.begin(days.date_of(first)))
    return Span(since, max(since, min(span.until, last + TINY)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
