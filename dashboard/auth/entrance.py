"""Log in, with a code where the user has an authenticator app, and log out."""

from __future__ import annotations

import time
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, session
from flask_security import login_user, logout_user

from dashboard.auth import lockout
from dashboard.auth.forms import page, renew_session, safe_next
from dashboard.auth.gate import SECRET
from dashboard.auth.identity import ENVIRON, Identity
from dashboard.auth.models import User
from dashboard.auth.users import Users
from data.audit import Caller

CODE_WITHIN_S = 300.0
PENDING, SINCE = "code-of", "code-since"  # in the cookie between password and code

WRONG = "That name and password don't fit. Check both; capital letters count in the password."
WRONG_CODE = "That code isn't right, or was used already: wait for the next one."
NO_USERS = "There is no user yet. On the machine itself: mtz user create NAME --role admin"


def blueprint(users: Users) -> Blueprint:
    entrance = Blueprint("entrance", __name__, template_folder="templates")

    @entrance.get("/login")
    def login() -> Response:
        target = safe_next(request.args.get("next"))
        if _identity() is not None:
            return _go(target)
        notice = None if users.has_admin() else NO_USERS
        return page(
            "login.html", 200, None, next=target, name="", notice=notice, ended=request.args.get("ended") is not None
        )

    @entrance.post("/login")
    def log_in() -> Response:
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        target = safe_next(request.form.get("next"))
        attempt = lockout.begin(users.engine, "user", name, request.remote_addr)
        if attempt.wait_s:
            return _wait("login.html", attempt.wait_s, next=target, name=name)
        user = users.check(name, password)
        if user is None:
            _note_failure(users, name, attempt, "password")
            return page("login.html", 401, None, next=target, name=name, problem=WRONG)
        _right(users, attempt)
        if user.tf_totp_secret:
            renew_session(**{PENDING: user.fs_uniquifier, SINCE: time.time()})
            return _go("/login/code?next=" + quote(target, safe="/"))
        return _enter(users, user, target)

    @entrance.get("/login/code")
    def code() -> Response:
        target = safe_next(request.args.get("next"))
        if _pending(users) is None:
            return _go("/login?next=" + quote(target, safe="/"))
        return page("code.html", 200, None, next=target)

    @entrance.post("/login/code")
    def check_code() -> Response:
        target = safe_next(request.form.get("next"))
        user = _pending(users)
        if user is None:
            return _go("/login?next=" + quote(target, safe="/"))
        attempt = lockout.begin(users.engine, "code", user.username, request.remote_addr)
        if attempt.wait_s:
            return _wait("code.html", attempt.wait_s, next=target)
        if not users.use_code(user, request.form.get("code", "")):
            _note_failure(users, user.username, attempt, "code")
            return page("code.html", 401, None, next=target, problem=WRONG_CODE)
        _right(users, attempt)
        return _enter(users, user, target)

    @entrance.post("/logout")
    def log_out() -> Response:
        identity = _identity()
        if identity is not None and identity.kind == "user" and identity.number is not None:
            users.end_session(identity.number, identity.caller(request.remote_addr))
            logout_user()
        renew_session()
        return _go("/login")

    return entrance


def _enter(users: Users, user: User, target: str) -> Response:
    caller = Caller(user.username, "user", request.remote_addr)
    before = _identity()
    if before is not None and before.kind == "user" and before.number is not None:
        users.end_session(before.number, before.caller(request.remote_addr))  # another one takes its cookie
    renew_session()
    login_user(user)
    session[SECRET] = users.begin_session(user, caller, request.user_agent.string)
    return _go(target)


def _pending(users: Users) -> User | None:
    """Whose password was right a moment ago."""
    if time.time() - float(session.get(SINCE, 0.0)) > CODE_WITHIN_S:
        return None
    return users.by_uniquifier(session.get(PENDING, ""))


def _right(users: Users, attempt: lockout.Attempt) -> None:
    with users.engine.begin() as conn:
        lockout.right(conn, attempt)


def _note_failure(users: Users, name: str, attempt: lockout.Attempt, what: str) -> None:
    """The event names users that exist only: what people type into the wrong field is nobody's business."""
    known = users.find(name)
    subject = known.username if known is not None else None
    caller = Caller(subject or "unknown name", "user", request.remote_addr)
    users.note("user.login_failed", caller, subject, {"what": what})
    if attempt.just_locked:
        users.note(
            "user.locked", caller, subject, {"subjects": list(attempt.subjects) if known else [attempt.subjects[0]]}
        )


def _wait(template: str, seconds: int, **values: str) -> Response:
    span = f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min"
    sentence = (
        f"Too many attempts failed: wait {span}, then try again. Whoever sits at the machine can use `mtz user unlock`."
    )
    return page(template, 429, {"Retry-After": str(seconds)}, problem=sentence, **values)


def _identity() -> Identity | None:
    found: Identity | None = request.environ.get(ENVIRON)
    return found


def _go(target: str) -> Response:
    answer = redirect(target, 303)
    answer.headers["Cache-Control"] = "no-store"
    return answer  # type: ignore[return-value]
