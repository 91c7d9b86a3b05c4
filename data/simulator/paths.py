"""What past sessions did inside: the closes of their five-minute bars, so that bars agree with samples and fills.

They never change once told, so they have a file of their own beside the gateway's state, which is written often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from data.simulator.state import VERSION

if TYPE_CHECKING:
    from data.simulator.world import World

STEP = 300
"""Seconds."""


class Paths:
    """Prices by session and symbol. Kept as text of whole cents, and read when somebody asks."""

    def __init__(self, days: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._days = dict(days or {})

    def keep(self, day: date, closes: Iterable[Mapping[str, float]]) -> None:
        """Keep a whole session: the prices of all symbols at the end of each step."""
        steps = list(closes)
        self._days[day.isoformat()] = {
            symbol: ",".join(str(round(step[symbol] * 100)) for step in steps) for symbol in steps[0]
        }

    def closes(self, day: date, symbol: str) -> list[float] | None:
        """The session's closes, in USD; None where they were not told."""
        text = self._days.get(day.isoformat(), {}).get(symbol)
        return [int(cents) / 100 for cents in text.split(",")] if text else None

    def dump(self, world: World) -> dict[str, Any]:
        """As JSON-ready values, with the world that they belong to."""
        return {"version": VERSION, **_mark(world), "days": self._days}

    @classmethod
    def load(cls, data: dict[str, Any] | None, world: World) -> Paths:
        """What :meth:`dump` gave; none where it was another world's."""
        mine = data is not None and all(data.get(name) == value for name, value in _mark(world).items())
        return cls(data["days"] if data and mine else {})


def _mark(world: World) -> dict[str, Any]:
    return {"seed": world.seed, "first_session": world.market.first_session.isoformat()}
