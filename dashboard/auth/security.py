"""Flask-Security on our server: the user datastore, argon2, log-in and log-out, codes of authenticator apps.

Its own pages and routes are not registered: what isn't there can't be attacked. Whether a session still holds is asked of
the database's row (admission.py), not of the cookie alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from flask_security import Security, SQLAlchemySessionUserDatastore, UserMixin
from flask_security.totp import Totp
from flask_wtf import CSRFProtect
from gevent.threadpool import ThreadPool
from passlib.exc import TokenError
from sqlalchemy import Engine
from sqlalchemy.orm import scoped_session, sessionmaker

from dashboard.auth.identity import ENVIRON, Identity
from dashboard.auth.models import Role, User
from dashboard.auth.secret import derived

# Browsers keep one jar for all ports of a host: two dashboards on one machine must not take each other's cookies.
SESSION_COOKIE, CSRF_COOKIE = "SESSION_COOKIE_NAME", "MTZ_CSRF_COOKIE"  # where the configuration names them
ISSUER = "MoneyTrailz"
TOTP_WINDOW_S = 30  # a code of the step before or after counts: clocks differ
CHECKS_AT_ONCE = 2  # each takes 32 MB and a core

T = TypeVar("T")


class Sessions(SecureCookieSessionInterface):
    """The signed cookie; `Secure` whenever the browser came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        return has_request_context() and request.is_secure


class KnownUser(UserMixin):  # type: ignore[misc]
    """Who a request's session belongs to, as Flask-Login wants one: made of the identity, without asking the database."""

    active = True

    def __init__(self, identity: Identity) -> None:
        self.username = identity.name
        self.fs_uniquifier = str(identity.user_id)
        self.roles = [Role(identity.role)]


class Codes(Totp):  # type: ignore[misc]
    """Six digits of an authenticator app; a code that was used works no second time."""

    def verify(self, code: str, user: User) -> bool:
        """Whether `code` is `user`'s of now; the caller stores what it notes in the user."""
        return bool(user.tf_totp_secret) and bool(self.matches(code, user.tf_totp_secret or "", user))

    def matches(self, code: str, secret: str, user: User) -> bool:
        try:
            return bool(self.verify_totp(code.replace(" ", ""), secret, user, window=TOTP_WINDOW_S))
        except (TokenError, ValueError, TypeError):  # not six digits, or encrypted with another key
            return False

    def get_last_counter(self, user: User) -> int | None:
        return user.totp_counter

    def set_last_counter(self, user: User, tmatch: Any) -> None:
        user.totp_counter = tmatch.counter


class Guard:
    """What :func:`attach` made. `db` is the users' ORM session of this request."""

    def __init__(self, server: Flask, engine: Engine, key: str, *, key_lasts: bool = True, port: int = 0) -> None:
        self.key_lasts = key_lasts
        self.db = scoped_session(sessionmaker(engine, expire_on_commit=False))
        self.csrf = CSRFProtect()
        _configure(server, key, port)
        self.csrf.init_app(server)  # before Security: it looks for it
        self.store = SQLAlchemySessionUserDatastore(self.db, User, Role)
        self.security = Security(server, self.store, register_blueprint=False)
        self.codes = Codes({"1": derived(key, "authenticator apps")}, ISSUER)
        login_manager = server.login_manager  # type: ignore[attr-defined]
        login_manager.user_loader(_known_user)
        login_manager._request_callback = None  # Flask-Security's own tokens aren't used: no body is parsed for them
        login_manager.session_protection = None  # the session's row says whether it holds
        server.teardown_appcontext(lambda _: self.db.remove())
        self._checks = ThreadPool(CHECKS_AT_ONCE)
        self.decoy = ""  # see Users.check

    def apart(self, work: Callable[[], T]) -> T:
        """Run what takes long without waiting (argon2 lets go of the interpreter) beside the worker's loop."""
        result: T = self._checks.apply(work)
        return result


def _configure(server: Flask, key: str, port: int) -> None:
    server.session_interface = Sessions()
    server.config.update(
        SECRET_KEY=derived(key, "sessions"),
        SESSION_COOKIE_NAME=f"mtz_session_{port}",
        MTZ_CSRF_COOKIE=f"mtz_csrf_{port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # asked for where a session counts: see csrf.py
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: else every open page would die after an hour
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our pages don't send; the front door checks the Origin
        SECURITY_PASSWORD_SALT=derived(key, "unused"),  # must be set; argon2 salts each password by itself
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        # No second hash with the secret key: whoever loses that key would lose every password with it.
        SECURITY_PASSWORD_SINGLE_HASH=["argon2"],
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__time_cost": 3, "argon2__memory_cost": 32 * 1024, "argon2__parallelism": 1,
        },
        SECURITY_USER_IDENTITY_ATTRIBUTES=[{"username": {"mapper": str, "case_insensitive": True}}],
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )  # fmt: skip


def _known_user(_: str) -> KnownUser | None:
    identity: Identity | None = request.environ.get(ENVIRON)
    return KnownUser(identity) if identity is not None and identity.kind == "user" else None
