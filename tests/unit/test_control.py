"""What a command does and leaves alone, in words."""

from __future__ import annotations

from data.control import positions
from data.control_views import ShortView


def short(n: int, **changes: object) -> ShortView:
    found: ShortView = {
        "con_id": n, "local_symbol": "T     261218P00026000", "symbol": "T", "quantity": -4.0, "expiry": "2026-12-18",
        "strike": 26.0, "right": "P",
    }  # fmt: skip
    found.update(changes)  # type: ignore[typeddict-item]
    return found


def test_open_shorts_are_named_as_people_read_them() -> None:
    assert positions([]) == "Positions stay as they are; nothing is closed."
    assert positions([short(1)]).endswith("1 short option can still be assigned: -4 T 2026-12-18 26 P.")
    assert positions([short(n) for n in range(7)]).endswith("and 2 more.")
    assert "T 261218P00026000" in positions([short(1, expiry=None)])
