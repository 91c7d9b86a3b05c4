"""Which span a question means, and which stored level and step answer it. Pure: no I/O, no clock.

A step is a bucket of an answer. It is read from the coarsest level that has it: steps below an hour from the minutes, below a
day from the hours, else from the days, where a step counts trading days. Trading days follow the one rule of the database's
`session_date_of`: an instant belongs to the first session that has not closed yet.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from data.views import ResolutionName

Asked = Literal["auto", "1m", "1h", "1d"]
Frame = Literal["1D", "1W", "1M", "3M", "YTD", "1Y", "All"]
FRAMES: tuple[Frame, ...] = get_args(Frame)

POINTS = 750
INDICATOR_POINTS = 320  # the technical panel's points are larger
MIN_POINTS, MAX_POINTS = 10, 5000
MAX_SOURCE = 12_000  # rows that an automatic choice reads at most: each costs a microsecond or more

MINUTE, HOUR, DAY = 60, 3600, 86_400
SHORT_SESSION_S = 12_600
LEVEL_S: dict[ResolutionName, int] = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
STEPS_S = (
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 4)),
    *(DAY * n for n in (1, 2, 5, 10, 21, 63, 126, 252)),
)  # fmt: skip
EXCHANGE_ZONE = ZoneInfo("America/New_York")
WEEK_SESSIONS = 5
MONTHS_BACK: dict[Frame, int] = {"1M": 1, "3M": 3, "1Y": 12}
YEARS = range(1970, 2200)
DAY_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadWindow(ValueError):  # noqa: N818 - what it is called everywhere
    """A span, resolution or number of points that can't be answered; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for. `since` and `until` are instants (`until` excluded) or trading days (`until` included).

    A missing side is open: everything that is stored. Without both the `frame` counts, or else the question's own default;
    without `points` the question's own as well.

    Raises:
        BadWindow: `points` or `resolution` is out of range, or `until` is not after `since`.
    """

    since: datetime | date | None = None
    until: datetime | date | None = None
    resolution: Asked = "auto"
    points: int | None = None
    frame: Frame | None = None

    def __post_init__(self) -> None:
        if self.points is not None and not MIN_POINTS <= self.points <= MAX_POINTS:
            raise BadWindow(f"points must be within {MIN_POINTS} and {MAX_POINTS}.")
        if self.resolution not in get_args(Asked):
            raise BadWindow(f"resolution must be one of {', '.join(get_args(Asked))}.")
        if self.frame is not None and self.frame not in FRAMES:
            raise BadWindow(f"frame must be one of {', '.join(FRAMES)}.")


def parse_bound(value: str) -> datetime | date:
    """A trading day (YYYY-MM-DD) or an instant (ISO 8601 with its zone).

    Raises:
        BadWindow: it is neither.
    """
    try:
        if DAY_PATTERN.fullmatch(value):
            day = date.fromisoformat(value)
            if day.year in YEARS:
                return day
        else:
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None and instant.astimezone(UTC).year in YEARS:
                return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadWindow(
        f"from and to must be trading days like 2026-01-05 or instants with a zone like 2026-01-05T14:30:00Z, from {YEARS[0]} to "
        f"{YEARS[-1]}."
    )


class TradingDays:
    """The exchange's sessions in order. Days beyond what is known are calendar days of the exchange, from midnight UTC."""

    def __init__(self, sessions: Sequence[tuple[date, datetime, datetime]]) -> None:
        """`sessions` are (session date, opens, closes), ascending."""
        self._dates = [day for day, _, _ in sessions]
        self._opens = [opens for _, opens, _ in sessions]
        self._closes = [closes for _, _, closes in sessions]

    def __len__(self) -> int:
        return len(self._dates)

    def __contains__(self, day: date) -> bool:
        index = bisect_left(self._dates, day)
        if index == len(self):
            return day.isoweekday() <= 5  # beyond what is known
        return self._dates[index] == day

    def date_of(self, instant: datetime) -> date:
        """The trading day of an instant."""
        index = bisect_right(self._closes, instant)
        return self._dates[index] if index < len(self) else instant.astimezone(EXCHANGE_ZONE).date()

    def begin(self, day: date) -> datetime:
        """When the trading day on or after `day` begins: the close of the session before it."""
        index = bisect_left(self._dates, day)
        if 0 < index < len(self):
            return self._closes[index - 1]
        return _midnight(day)

    def end(self, day: date) -> datetime:
        """When the trading day on or before `day` ends: its close."""
        index = bisect_right(self._dates, day)
        if index > 0 and (index < len(self) or self._dates[-1] == day):
            return self._closes[index - 1]
        return _midnight(day + timedelta(days=1))

    def opens(self, day: date) -> datetime:
        """When the session of `day` opens."""
        index = bisect_left(self._dates, day)
        return self._opens[index] if index < len(self) and self._dates[index] == day else _midnight(day)

    def back(self, day: date, number: int) -> date:
        """The trading day `number` sessions before `day`; the first that is known if there are not as many."""
        index = bisect_left(self._dates, day) - number
        return self._dates[max(index, 0)] if self._dates and index < len(self) else day - timedelta(days=number)

    def ordinal(self, day: date) -> int:
        """The number of sessions before `day`: blocks of several trading days are cut by it, whatever span is asked for."""
        return bisect_left(self._dates, day)

    def open_spans(self, since: datetime, until: datetime) -> Counter[int]:
        """How many sessions of which length in seconds lie in a span; a cut session has what is left of it."""
        found: Counter[int] = Counter()
        for index in range(bisect_right(self._closes, since), bisect_left(self._opens, until)):
            length = min(self._closes[index], until) - max(self._opens[index], since)
            found[int(length.total_seconds())] += 1
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """Buckets of `seconds` read from `level`; of days 86,400 x trading days."""

    level: ResolutionName
    seconds: int

    @property
    def days(self) -> int:
        """Trading days a bucket, 1 below a day."""
        return max(1, self.seconds // DAY)


@dataclass(frozen=True, slots=True)
class Span:
    """Instants, `until` excluded."""

    since: datetime
    until: datetime


def frame_span(frame: Frame, newest: datetime, oldest: datetime, days: TradingDays) -> Span:
    """The whole trading days that a time frame's word means, up to the day of the `newest` instant.

    1D is that day, and the day before it too until its session opens (a night or a weekend alone shows nothing); 1W the last five trading days; 1M, 3M and 1Y go back by the calendar; YTD begins with the year's first
    trading day; All with the day of the `oldest` instant.
    """
    today = days.date_of(newest)
    if frame == "1D":
        first = today if newest >= days.opens(today) else days.back(today, 1)
    elif frame == "1W":
        first = days.back(today, WEEK_SESSIONS - 1)
    elif frame == "YTD":
        first = date(today.year, 1, 1)
    elif frame == "All":
        first = days.date_of(oldest)
    else:
        first = _months_before(today, MONTHS_BACK[frame])
    return Span(days.begin(first), days.end(today))


def span_of(window: Window, newest: datetime, oldest: datetime, days: TradingDays, default: Frame) -> Span:
    """The instants that a window means, where something is stored from `oldest` to `newest`.

    Raises:
        BadWindow: `until` is not after `since`.
    """
    if window.since is None and window.until is None:
        return frame_span(window.frame or default, newest, oldest, days)
    everything = frame_span("All", newest, oldest, days)
    since = everything.since if window.since is None else _bound(window.since, days.begin)
    until = everything.until if window.until is None else _bound(window.until, days.end)
    if until > since:
        return Span(since, until)
    if window.since is not None and window.until is not None and not _are_days(window.since, window.until):
        raise BadWindow("to must be after from.")
    # Days without a session between them, or an open side and the other beyond what is stored: nothing lies there.
    return Span(since, since)


def choose(
    asked: Asked, span: Span, points: int, days: TradingDays, whole_from: Mapping[ResolutionName, datetime]
) -> Step:
    """The finest step whose buckets fit into `points`, read from a level that has the whole span.

    `whole_from` says since when each level has everything; a level that isn't named has nothing. Buckets, and the rows that
    they are made of, are counted in open sessions: what changes between them is few, and who gets more than `points` asks
    again (:func:`coarser`). An explicit level is kept and its step widened.
    """
    if asked != "auto":  # what isn't there makes the rest no coarser
        span = Span(min(max(span.since, whole_from.get(asked, span.since)), span.until), span.until)
    open_spans = days.open_spans(span.since, span.until)
    usable = _steps(asked)
    if asked == "auto":
        usable = [step for step in usable if _has(step.level, span, whole_from)] or usable[-1:]
    for step in usable:
        source = sum(number * length for length, number in open_spans.items()) / LEVEL_S[step.level]
        if _buckets(step, open_spans) <= points and (asked != "auto" or step.level == "1d" or source <= MAX_SOURCE):
            return step
    return coarser(usable[-1], _buckets(usable[-1], open_spans), points, asked)


def whole_steps(span: Span, step: Step, days: TradingDays) -> Span:
    """A span from the beginning of the step in which it begins, so that its first bucket is whole."""
    day = days.date_of(span.since)
    if step.seconds >= DAY:
        return Span(days.begin(days.back(day, days.ordinal(day) % step.days)), span.until)
    seconds = int(span.since.timestamp())
    cut = datetime.fromtimestamp(seconds - seconds % step.seconds, UTC)
    return Span(max(cut, days.begin(day)), span.until)


def warm_up_days(step: Step, bars: int) -> int:
    """How many trading days surely have `bars` bars of `step`: a short session has three hours and a half."""
    if step.seconds >= DAY:
        return bars * step.days
    return -(-bars * step.seconds // SHORT_SESSION_S) + 1


def coarser(step: Step, count: int, points: int, asked: Asked) -> Step:
    """The next step that turns `count` buckets of `step` into at most `points`."""
    least = step.seconds * max(count / points, 1)
    for wider in _steps(asked if asked == "auto" else step.level):
        if wider.seconds > step.seconds and wider.seconds >= least and _not_finer(wider.level, step.level):
            return wider
    unit = max(LEVEL_S[step.level], STEPS_S[-1])
    return Step(step.level if asked != "auto" else "1d", unit * (int(least // unit) + 1))


def _not_finer(level: ResolutionName, than: ResolutionName) -> bool:
    return LEVEL_S[level] >= LEVEL_S[than]


def _steps(asked: Asked) -> list[Step]:
    """The ladder: of every level, or of one level to any width."""
    if asked == "auto":
        return [Step("1m" if s < HOUR else "1h" if s < DAY else "1d", s) for s in STEPS_S]
    return [Step(asked, s) for s in STEPS_S if s >= LEVEL_S[asked]]


def _has(level: ResolutionName, span: Span, whole_from: Mapping[ResolutionName, datetime]) -> bool:
    since = whole_from.get(level)
    return since is not None and since <= span.since


def _buckets(step: Step, open_spans: Counter[int]) -> int:
    if step.seconds >= DAY:
        return -(-open_spans.total() // step.days)
    return sum(number * -(-length // step.seconds) for length, number in open_spans.items())


def _bound(bound: datetime | date, of_day: Callable[[date], datetime]) -> datetime:
    return bound if isinstance(bound, datetime) else of_day(bound)


def _are_days(since: datetime | date, until: datetime | date) -> bool:
    """Whether both are trading days in order: a weekend may have nothing between them."""
    return not isinstance(since, datetime) and not isinstance(until, datetime) and since <= until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
