"""Who may: users with roles, their sessions, API tokens.

What the other parts call: :func:`current_caller` says who asks, :func:`commander` the same but only for who may give
commands, :func:`require` guards a route. A refused request is a problem for programs and a page for people: 401 where
nobody is known, 403 where it is the wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from dashboard.auth.forms import CSRF_HEADER, ForbiddenError, current_identity
from dashboard.auth.identity import ENVIRON, LEVELS, Identity, Level
from dashboard.auth.install import Auth, install
from dashboard.auth.security import CSRF_COOKIE
from data.audit import Caller
from layouts.state import Reader

__all__ = [
    "CSRF_COOKIE", "CSRF_HEADER", "Auth", "ForbiddenError", "Identity", "Level", "allow", "commander", "current_caller", "current_identity", "install", "is_known", "reader", "require", "why_not",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")

WORDS = {
    Level.READ: "Log in first.",
    Level.CONTROL: "This may only read: pause, resume and stop need the role trader, or a token with the scope control.",
    Level.ADMIN: "This needs the role admin.",
}


def current_caller() -> Caller:
    """Who this request comes from, for the audit log: a user, a token, or local where no log-in is needed."""
    return current_identity().caller(request.remote_addr)


def is_known() -> bool:
    """Whether the request comes from anybody: what the whole world may ask says less to the others."""
    return request.environ.get(ENVIRON) is not None


def commander() -> Caller:
    """:func:`current_caller`, if they may give commands.

    Raises:
        ForbiddenError: a viewer, or a token that may only read.
    """
    allow(Level.CONTROL)
    return current_caller()


def reader() -> Reader:
    """Who asks for a page, as the page says it."""
    identity = current_identity()
    return Reader(identity.name, identity.role, identity.kind == "user", identity.level >= Level.ADMIN)


def why_not() -> str | None:
    """Why who reads this page may give no commands; None: they may."""
    return None if current_identity().level >= Level.CONTROL else WORDS[Level.CONTROL]


def allow(level: Level) -> None:
    """Raises ForbiddenError unless the request's identity reaches `level`."""
    if current_identity().level < level:
        raise ForbiddenError(WORDS[level])


def require(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Guard a route: `what` is a role (viewer, trader, admin) or a scope (read, control)."""
    level = LEVELS[what]

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            allow(level)
            return view(*args, **kwargs)

        return guarded

    return decorate
