"""The fills of one connection: the library's events don't tell of all of them, so that its list is looked through."""

from __future__ import annotations

from typing import Any

from data.ibkr import translate
from data.model import Execution, ExecutionKind


class Fills:
    """`ib` collects fills for as long as it lives."""

    def __init__(self, ib: Any) -> None:
        self._ib = ib
        self._reported: dict[str, bool] = {}  # exec id → whether its commission has come

    def fresh(self) -> list[Execution]:
        """The fills that are new since the last call, and those whose commission has come since."""
        fills = self._ib.wrapper.fills
        waiting = [exec_id for exec_id, is_whole in self._reported.items() if not is_whole]
        if len(fills) == len(self._reported) and not waiting:
            return []
        found = []
        for exec_id in [*waiting, *(x for x in fills if x not in self._reported)]:
            execution = translate.execution(fills[exec_id])
            is_whole = execution.commission is not None or execution.kind is ExecutionKind.COMBO
            if self._reported.get(exec_id) is not is_whole:
                self._reported[exec_id] = is_whole
                found.append(execution)
        return found
