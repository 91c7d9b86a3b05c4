"""`python -m data.pricing`: answers pricing requests, a line of JSON each, from standard input to standard output.

It ends with whoever started it, also where that one was killed: its input ends then. Nobody asks for long: it ends too, and
gives its memory back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import select
import signal
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from data.pricing import wire
from data.pricing.curve import Held, curves
from data.pricing.expiry import Leg
from data.pricing.options import Market, Option

IDLE_S = 900.0
log = logging.getLogger("mtz.pricing")


def answer(line: bytes) -> wire.Answer | wire.Refusal:
    """Never raises: what can't be computed is refused."""
    try:
        return _computed(json.loads(line))
    except (ValueError, KeyError, TypeError, ArithmeticError, RuntimeError) as error:  # RuntimeError is QuantLib's
        log.warning("a request was not computed: %s", error)
        return {"problem": "The model gives no value for these figures."}


def _computed(asked: wire.Request) -> wire.Answer | wire.Refusal:
    problem = wire.too_much(asked["legs"], asked["days"], asked["spots"])
    if problem is not None:
        return {"problem": problem}
    dividends = tuple((date.fromisoformat(day), amount) for day, amount in asked["dividends"])
    market = Market(date.fromisoformat(asked["day"]), asked["spot"], asked["rate"], dividends)
    days = [date.fromisoformat(day) for day in asked["days"]]
    found = curves([_held(leg) for leg in asked["legs"]], market, days, asked["spots"])
    implied: list[wire.AnsweredLeg | None] = [
        {"volatility": i.volatility, "reason": i.reason} if i else None for i in found.implied
    ]
    return {"implied": implied, "profits": found.profits}


def _held(asked: wire.AskedLeg) -> Held:
    money = Decimal(asked["quantity"]), Decimal(asked["multiplier"]), Decimal(asked["cost"])
    option = asked["option"]
    if option is None:
        return Held(Leg(*money))
    expiry = date.fromisoformat(option["expiry"])
    return Held(
        Leg(*money, option["right"], Decimal(repr(option["strike"]))),
        Option(option["right"], option["strike"], expiry, option["is_american"]),
        asked["mark"],
        asked["forward"],
    )


def serve(source: BinaryIO, target: BinaryIO, is_idle: Callable[[], bool]) -> None:
    """Until the source ends, a line is too long, or nobody has asked for long."""
    while not is_idle():
        line = source.readline(wire.LARGEST_LINE)
        if not line.endswith(b"\n"):
            return
        target.write(wire.encode(answer(line)))
        target.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when it ends
    source = sys.stdin.buffer
    with contextlib.suppress(ConnectionError):  # who asked is gone
        serve(source, sys.stdout.buffer, lambda: not select.select([source], [], [], IDLE_S)[0])


if __name__ == "__main__":
    main()
