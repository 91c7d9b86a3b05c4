"""The held contracts as they are kept between reads: only what changed is fetched again, and what went is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from data import rows
from data.views import PositionsView, PositionView

Found = Sequence[Any]  # rows of the query "positions": the first carries the revision and the list of what is held


@dataclass(frozen=True, slots=True)
class PositionRows:
    """The held contracts at `revision`. What was removed is remembered back to revision `known_from`."""

    revision: int
    epoch: int
    known_from: int
    day: date  # in New York, by which days to expiry are counted
    items: dict[int, PositionView]
    changed: dict[int, int]  # con_id → the revision that wrote it
    removed: dict[int, int] = field(default_factory=dict)  # con_id → the revision that no longer has it
    as_of: datetime | None = None

    @classmethod
    def whole(cls, found: Found, epoch: int, known: PositionRows | None, today: date) -> PositionRows:
        """From all rows; `known` is the list before, of the same epoch, whose memory goes on."""
        fresh = _by_contract(found)
        revision = found[0]["revision"]
        removed = known.removed | dict.fromkeys(known.items, revision) if known else {}
        return cls(
            revision=revision,
            epoch=epoch,
            known_from=known.known_from if known else revision,
            day=today,
            items={con_id: rows.position(row, today) for con_id, row in fresh.items()},
            changed={con_id: row["changed_revision"] for con_id, row in fresh.items()},
            removed={con_id: gone for con_id, gone in removed.items() if con_id not in fresh},
            as_of=max((row["as_of"] for row in fresh.values()), default=None),
        )

    def merged(self, found: Found) -> PositionRows | None:
        """With the changed rows replaced and what is no longer held gone.

        None when that can't be told from these: a contract is new (its place in the order isn't known), or the revision
        went back (another database).
        """
        fresh = _by_contract(found)
        revision, held = found[0]["revision"], set(found[0]["held"])
        if revision < self.revision or not held <= self.items.keys() or not fresh.keys() <= self.items.keys():
            return None
        changed = self.changed | {con_id: row["changed_revision"] for con_id, row in fresh.items()}
        items = {
            con_id: rows.position(fresh[con_id], self.day) if con_id in fresh else item
            for con_id, item in self.items.items()
            if con_id in held
        }
        newest = [row["as_of"] for row in fresh.values()] + ([self.as_of] if self.as_of else [])
        return PositionRows(
            revision=revision,
            epoch=self.epoch,
            known_from=self.known_from,
            day=self.day,
            items=items,
            changed={con_id: changed[con_id] for con_id in items},
            removed=self.removed | {con_id: revision for con_id in self.items if con_id not in held},
            as_of=max(newest, default=None),
        )


def _by_contract(found: Found) -> dict[int, Any]:
    return {row["con_id"]: row for row in found if row["con_id"] is not None}


def positions_view(account: str, found: PositionRows, since: int | None) -> PositionsView:
    """`found` whole, or what changed after `since` and what is gone where the memory reaches back that far."""
    whole = since is None or not found.known_from <= since <= found.revision
    items = found.items.values()
    return {
        "account": account,
        "revision": found.revision,
        "as_of": rows.iso(found.as_of),
        "full": whole,
        "items": list(items) if whole else [p for p in items if found.changed[p["con_id"]] > (since or 0)],
        "removed": [] if whole else sorted(c for c, gone in found.removed.items() if gone > (since or 0)),
    }
