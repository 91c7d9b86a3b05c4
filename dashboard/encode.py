"""Answers as JSON bytes, encoded once and sent many times: REST and `/ws` share the same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from data.positions import PositionRows, positions_view
from data.reads import PortfolioRow, Reads


def dump(view: Any) -> bytes:
    """Compact JSON; what is not finite becomes null."""
    return to_json(view, inf_nan_mode="null")


def etag(body: bytes) -> str:
    """A strong entity tag of these very bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class Encoded:
    """One view in bytes. `revision` is its topic's."""

    body: bytes
    etag: str
    revision: int
    as_of: str | None


class Encoder:
    """Encodes the views that are asked for most, again only when their rows or their freshness changed."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._portfolios: dict[str, tuple[PortfolioRow, tuple[Any, ...], Encoded]] = {}
        self._positions: dict[str, tuple[PositionRows, Encoded]] = {}

    def portfolio(self, account: str) -> Encoded:
        """As :meth:`data.reads.Reads.portfolio`, freshness of this moment."""
        row, state, seen = self._reads.portfolio_row(account)
        status = state.status
        # Everything in the view that isn't the row's: the link's state and reason follow from these.
        signature = (
            seen.freshness,
            seen.reason,
            status and (status.gateway_state, status.gateway_reason, status.market_phase),
        )
        known = self._portfolios.get(account)
        if known is not None and known[0] is row and known[1] == signature:
            return known[2]
        view = self._reads.portfolio_view(row, state, seen)
        body = dump(view)
        encoded = Encoded(body, etag(body), row.revision, view["as_of"])
        self._portfolios[account] = (row, signature, encoded)
        return encoded

    def positions(self, account: str) -> Encoded:
        """As :meth:`data.reads.Reads.positions`, the whole list."""
        rows = self._reads.position_rows(account)
        known = self._positions.get(account)
        if known is not None and known[0] is rows:
            return known[1]
        view = positions_view(account, rows, None)
        body = dump(view)
        encoded = Encoded(body, etag(body), view["revision"], view["as_of"])
        self._positions[account] = (rows, encoded)
        return encoded
