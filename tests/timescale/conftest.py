"""Databases of both flavours beside each other.

The WebAssembly processes take some hundred MB each: these tests run in one worker, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from data.flavour import Flavour
from tests.conftest import SYSTEM_PG15, TIMESCALE_DSN, Server
from tests.timescale.port import Port
from tests.timescale.sides import Side

PLACES = (
    "plain18",
    *(["server15"] if (SYSTEM_PG15 / "postgres").exists() else []),
    "wasm",
    *(["timescale"] if TIMESCALE_DSN else []),
)
Make = Callable[[str], Side]


@pytest.fixture(scope="module")
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """A new database in one of the PLACES, for the module."""
    made: list[Side] = []

    def side(place: str) -> Side:
        if place == "wasm":
            made.append(Side.wasm(Port()))
        else:
            server: Server = request.getfixturevalue(place)
            flavour = Flavour.TIMESCALE if place == "timescale" else Flavour.PLAIN
            made.append(Side.native(place, flavour, server.database()))
        return made[-1]

    yield side
    for one in made:
        one.close()
