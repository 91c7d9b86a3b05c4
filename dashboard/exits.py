"""Exit codes of every `mtz` command, and the one exception that carries one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    FAILED = 1  # also: `mtz doctor` found something wrong
    SETTINGS = 2  # an option or setting is unknown or malformed
    DATABASE = 3  # unreachable, refused, or its schema doesn't fit
    GATEWAY = 4  # TWS or IB Gateway unreachable or refusing, unknown account
    IN_USE = 5  # the port or the data folder is taken
    DATA_DIR = 6  # the data folder can't be used


class CannotRunError(Exception):
    """A command can't go on. The message is one sentence for the user: what happened and what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code
