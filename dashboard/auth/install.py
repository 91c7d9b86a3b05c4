"""Put users, sessions and tokens onto a server."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, request, send_from_directory
from itsdangerous import URLSafeTimedSerializer

from callbacks.stylesheet import ADDRESS
from dashboard.auth import account, entrance, forms, manage
from dashboard.auth.admission import LOG_IN_AGAIN, Admission, Limits
from dashboard.auth.gate import PROOF, Gate
from dashboard.auth.secret import secret_key
from dashboard.auth.security import SESSION_COOKIE, Guard
from dashboard.auth.users import Users
from dashboard.exits import CannotRunError
from dashboard.login import LoginRule, settings_need_login
from dashboard.settings import Settings
from data.reads import Reads

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from dashboard.ws.client import Client

log = logging.getLogger("mtz.auth")

SCRIPTS = Path(__file__).with_name("scripts")


@dataclass(frozen=True, slots=True)
class Auth:
    """What the application needs of it."""

    users: Users
    admission: Admission
    rule: LoginRule
    settings: Settings
    serializer: URLSafeTimedSerializer
    cookie: str

    def gate(self, application: WSGIApplication) -> Gate:
        """`application` behind the gate."""
        return Gate(
            application,
            self.admission,
            self.rule.needs_login,
            self.serializer,
            self.cookie,
            self.settings.proxy_networks,
        )

    @contextmanager
    def watched(self, client: Client) -> Iterator[None]:
        """While inside, the socket is closed when the session or token that opened it ends."""
        with self.admission.watched(
            request.environ.get(PROOF), lambda: client.close(LOG_IN_AGAIN, "the session or token ended: log in again")
        ):
            yield


def install(server: Flask, reads: Reads, settings: Settings, theme_script: str) -> Auth:
    """`theme_script` is the inline script that the content security policy allows.

    Raises:
        CannotRunError: there is no secret key and none can be kept.
    """
    key, key_lasts = key_for(settings)
    guard = Guard(server, reads.engine, key, key_lasts=key_lasts, port=settings.port)
    limits = Limits(timedelta(minutes=settings.session_idle_min), timedelta(hours=settings.session_hours))
    admission = Admission(reads.engine, limits, reads.away)
    users = Users(guard, reads.engine, admission.heard)
    forms.protect(server, guard)
    for blueprint in (entrance.blueprint(users), account.blueprint(users), manage.blueprint(users)):
        server.register_blueprint(blueprint)
    server.add_url_rule("/auth/page.js", "auth_script", _script)
    server.jinja_env.globals |= {"theme_script": theme_script, "bootstrap_css": ADDRESS}
    serializer: Any = server.session_interface.get_signing_serializer(server)  # type: ignore[attr-defined]
    return Auth(
        users, admission, LoginRule(settings, reads.source), settings, serializer, server.config[SESSION_COOKIE]
    )


def key_for(settings: Settings) -> tuple[str, bool]:
    """The secret key, and whether it outlives this process: the demo in a container that can't write needs none that does."""
    try:
        return secret_key(settings), True
    except CannotRunError as error:
        if settings_need_login(settings) is not None:
            raise
        log.warning("%s Until then a log-in lasts as long as this process.", error)
        return secrets.token_urlsafe(48), False


def _script() -> Any:
    return send_from_directory(SCRIPTS, "page.js", mimetype="text/javascript", max_age=3600)
