"""Who a request comes from, and what that allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal

from data.audit import Caller

ENVIRON = "mtz.identity"  # where the gate leaves the identity of a request


class Level(IntEnum):
    """What somebody may do; each holds the ones before it."""

    READ = 1
    CONTROL = 2  # pause, resume, stop, the kill switch, what bots report
    ADMIN = 3  # users and tokens of others


# A user's role and a token's scope mean the same levels.
ROLES = {"viewer": Level.READ, "trader": Level.CONTROL, "admin": Level.ADMIN}
SCOPES = {"read": Level.READ, "control": Level.CONTROL}
LEVELS = ROLES | SCOPES


@dataclass(frozen=True, slots=True)
class Identity:
    """`kind` local: this machine's own reader where no log-in is needed. `number`: of the session or token.

    `role` is what people read: viewer, trader, admin, or a token's scope. `until`: when it ends by itself.
    """

    kind: Literal["user", "token", "local"]
    name: str
    level: Level
    role: str
    user_id: int | None = None
    number: int | None = None
    until: datetime | None = None

    def caller(self, origin: str | None) -> Caller:
        """The words for the audit log."""
        return Caller(self.name, self.kind, origin)


LOCAL = Identity("local", "local", Level.ADMIN, "local")
