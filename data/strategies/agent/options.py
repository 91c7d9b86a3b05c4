"""What the strategy agent is started with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def _nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """`dead_man_minutes` 0: no such rule. `step` is told of each step that a crash may follow."""

    database_url: str
    control_dir: Path
    dead_man_minutes: int = 0
    look_s: float = 1.0  # how often everything is looked at when nothing is heard
    again_s: float = 2.0  # how often what is not enforced yet is looked at again
    patience_s: float = 10.0  # how long a command waits for a run, a bot or the poller before it is "not enforced"
    answer_s: float = 5.0  # how long the poller's answer is waited for
    cancel_s: float = 8.0  # how long the broker's confirmation of cancelled orders is waited for
    step: Callable[[str], None] = _nothing
