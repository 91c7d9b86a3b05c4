"""Who may: users with roles, their sessions, API tokens.

What the other parts call: :func:`current_caller` says who asks, :func:`commander` the same but only for who may give
commands, :func:`require` guards a route. A refused request is a problem: 401 where nobody is known, 403 where it is the
wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import has_request_context, request

from dashboard.auth.identity import ENVIRON, LEVELS, LOCAL, Identity, Level
from data.audit import Caller

__all__ = ["ForbiddenError", "Identity", "Level", "commander", "current_caller", "current_identity", "require"]

P = ParamSpec("P")
R = TypeVar("R")

WORDS = {
    Level.READ: "Log in first.",
    Level.CONTROL: "Your role is viewer: pause, resume and stop need the role trader, or a token with the scope control.",
    Level.ADMIN: "This needs the role admin.",
}


class ForbiddenError(Exception):
    """Who asks is known but may not do this; the message is one sentence for them. The answer is 403."""


def current_identity() -> Identity:
    """Who this request comes from."""
    found: Identity = request.environ.get(ENVIRON, LOCAL)
    return found


def current_caller() -> Caller:
    """Who this request comes from, for the audit log: a user, a token, or local where no log-in is needed."""
    return current_identity().caller(request.remote_addr)


def commander() -> Caller:
    """:func:`current_caller`, if they may give commands.

    Raises:
        ForbiddenError: a viewer, or a token that may only read.
    """
    allow(Level.CONTROL)
    return current_caller()


def allow(level: Level) -> None:
    """Raises ForbiddenError unless the request's identity reaches `level`."""
    if has_request_context() and current_identity().level < level:
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
