"""Whether account figures may be believed. Pure.

After the gateway's nightly restart account values arrive half filled or zero; a chart of them shows a crash that never
was. But a real loss must not be hidden for ever: a figure that stays is believed after a confirmation.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.model import Portfolio

FACTOR = 10.0
CONFIRM_S = 200.0
"""TWS sends all account values every three minutes: what stands longer than that has been confirmed."""
CONFIRMATIONS = 2


@dataclass(slots=True)
class _Candidate:
    net_liquidation: float
    since: float
    data: int


class Plausibility:
    """Judges each new state of one account against the last believed one."""

    def __init__(self) -> None:
        self._believed: float | None = None
        self._candidate: _Candidate | None = None

    def judge(self, portfolio: Portfolio, holds_positions: bool, now: float, is_new_datum: bool) -> str | None:
        """None if it is believed, else what is wrong with it.

        `now` is monotonic seconds; `is_new_datum`: a net liquidation value has arrived since the last call, even if it
        is the same one.
        """
        value = portfolio.net_liquidation
        if value is None:
            return "net liquidation is missing"
        if value == 0 and holds_positions:
            return "net liquidation is 0 although positions are held"
        if self._is_jump(value) and not self._confirmed(value, now, is_new_datum):
            return f"net liquidation went from {self._believed:.2f} to {value:.2f} at once; waiting for a confirmation"
        self._believed, self._candidate = value, None
        return None

    def _is_jump(self, value: float) -> bool:
        last = self._believed
        if last is None or last == 0:
            return False
        return not last / FACTOR <= value <= last * FACTOR if last > 0 else value > abs(last) * FACTOR

    def _confirmed(self, value: float, now: float, is_new_datum: bool) -> bool:
        seen = self._candidate
        if seen is None or not _alike(seen.net_liquidation, value):
            self._candidate = _Candidate(value, now, 0)
            return False
        seen.data += is_new_datum
        return seen.data >= CONFIRMATIONS or now - seen.since >= CONFIRM_S


def _alike(a: float, b: float) -> bool:
    return a == b or (a * b > 0 and 0.5 <= a / b <= 2)
