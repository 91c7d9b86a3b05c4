"""Historical bars, kept up to date where the client asks for it, and the first time there are data for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from data.simulator.bars import BAR_SECONDS, DURATIONS, LONGEST, Bar
from data.simulator.calendar import ZONE, local, zoned
from data.simulator.client import Client, Handler
from data.simulator.handlers.contracts import find_one, read_terms
from data.simulator.handlers.market import read_legs
from data.simulator.instruments import BY_SYMBOL
from data.simulator.messages import Message
from data.simulator.wire import Fields

VOLATILITIES = ("HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY")
SHOWN = ("TRADES", "MIDPOINT", "BID", "ASK", "ADJUSTED_LAST", *VOLATILITIES)
REFUSED = "Historical Market Data Service error message:"


def _end(text: str, now: float) -> float | None:
    """The end of the request: now, or a time with a zone (New York if none is given); None if it cannot be read."""
    if not text.strip():
        return now
    words = text.replace("-", " ").split()
    zone = UTC if words[2:] == ["UTC"] or "-" in text else ZONE
    try:
        return datetime.strptime(" ".join(words[:2]), "%Y%m%d %H:%M:%S").replace(tzinfo=zone).timestamp()
    except ValueError:
        return None


def _span(text: str) -> float | None:
    number, _, unit = text.strip().partition(" ")
    if not number.isdigit() or unit.strip() not in DURATIONS:
        return None
    return int(number) * DURATIONS[unit.strip()]


def request(client: Client, fields: Fields) -> None:
    """reqHistoricalData. Options have no recorded past here: their bars follow the underlying's through the model."""
    req_id = fields.integer()
    terms = read_terms(fields)
    fields.skip(1)  # include expired
    end_text, bar_size, duration = fields.text(), fields.text(), fields.text()
    regular, what, date_format = fields.flag(), fields.text(), fields.integer()
    if terms.sec_type == "BAG":
        read_legs(fields)
    keep = fields.flag()
    instrument = find_one(client, req_id, terms)
    if instrument is None:
        return
    gateway = client.gateway
    end, span, size = _end(end_text, gateway.world.moment), _span(duration), BAR_SECONDS.get(bar_size)
    if end is None or span is None or size is None or what not in SHOWN:
        client.error(req_id, 321, "Error validating request.-'bQ' : cause - Invalid time, duration, bar size or type.")
        return
    unknown = what == "OPTION_IMPLIED_VOLATILITY" and not BY_SYMBOL[instrument.symbol].has_options
    if instrument.is_option or unknown or span / size > LONGEST:
        # Real TWS has option bars for a while back; a simulated past of a surface would be invention upon invention.
        client.error(req_id, 162, f"{REFUSED}HMDS query returned no data: {instrument.local_symbol}@SMART {what}")
        return
    bars = gateway.history.bars(instrument.symbol, end, span, size, regular, what)
    body: list[object] = []
    for bar in bars:
        body += [
            _date(bar, size, date_format),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.average,
            bar.count,
        ]
    client.send(17, req_id, zoned(end - span), zoned(end), len(bars), *body)
    if keep:
        symbol = instrument.symbol

        def latest() -> Iterator[Message]:
            newest = gateway.history.bars(symbol, gateway.world.moment + size, max(size, 60.0), size, regular, what)
            for bar in newest[-1:]:
                last = bar.close if what in VOLATILITIES else gateway.world.market.stocks[symbol].last
                when = _date(bar, size, date_format)
                yield (
                    90,
                    req_id,
                    bar.count,
                    when,
                    bar.open,
                    last,
                    max(bar.high, last),
                    min(bar.low, last),
                    last,
                    bar.volume,
                )

        client.subscriptions.bars[req_id] = latest


def _date(bar: Bar, size: int, date_format: int) -> str:
    if size >= 86400:
        return f"{local(bar.start):%Y%m%d}"
    return str(int(bar.start)) if date_format == 2 else zoned(bar.start)


def cancel(client: Client, fields: Fields) -> None:
    """cancelHistoricalData."""
    fields.integer()
    client.subscriptions.bars.pop(fields.integer(), None)


def head_timestamp(client: Client, fields: Fields) -> None:
    """reqHeadTimeStamp."""
    req_id = fields.integer()
    terms = read_terms(fields)
    fields.skip(3)
    date_format = fields.integer()
    if find_one(client, req_id, terms) is not None:
        start = datetime(2015, 1, 2, 14, 30, tzinfo=UTC)
        client.send(88, req_id, int(start.timestamp()) if date_format == 2 else f"{start:%Y%m%d-%H:%M:%S}")


def cancel_head_timestamp(_client: Client, _fields: Fields) -> None:
    """cancelHeadTimeStamp: the answer has long been sent."""


HANDLERS: dict[int, Handler] = {20: request, 25: cancel, 87: head_timestamp, 90: cancel_head_timestamp}
