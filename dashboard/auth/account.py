"""The reader's own page: password, authenticator app, tokens."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, session

from dashboard.auth import lockout
from dashboard.auth.entrance import WRONG_CODE
from dashboard.auth.forms import current_identity, page
from dashboard.auth.identity import Identity, Level
from dashboard.auth.models import User
from dashboard.auth.users import UserError, Users
from data.audit import Caller

DRAFT = "code-draft"  # an authenticator app's secret (encrypted) until its first code was right
DAYS = (7, 30, 90, 365)
DONE = {
    "password": "The password is changed; every other session of yours was ended.",
    "code": "From now on a code of your authenticator app is asked for too.",
    "code-removed": "No code is asked for any more.",
    "token": "The token is revoked.",
}


class WaitError(UserError):
    status = 429


class NoAccountError(UserError):
    """Where no log-in is needed nobody has an account."""

    status = 404


def blueprint(users: Users) -> Blueprint:
    account = Blueprint("account", __name__, url_prefix="/account", template_folder="templates")

    def show(status: int = 200, /, **values: object) -> Response:
        identity, user = who(users)
        return page(
            "account.html", status, None, identity=identity, user=user, tokens=users.tokens(user.id), days=DAYS,
            may_control=identity.level >= Level.CONTROL, may_manage=identity.level >= Level.ADMIN, **values,
        )  # fmt: skip

    def setup(user: User, secret: str) -> dict[str, object]:
        codes = users.guard.codes
        return {"picture": codes.generate_qrcode(user.username, secret), "key": codes.get_totp_pretty_key(secret)}

    @account.errorhandler(UserError)
    def cannot(error: UserError) -> Response:
        if isinstance(error, NoAccountError):
            return page("refused.html", error.status, None, status=error.status, sentence=str(error))
        return show(error.status, problem=str(error))

    @account.get("/")
    def home() -> Response:
        return show(done=DONE.get(request.args.get("done", "")))

    @account.post("/active")
    def active() -> Response:
        """A page's word that its reader moved; the gate has noted it already."""
        return Response(status=204)

    @account.post("/password")
    def password() -> Response:
        identity, user = who(users)
        confirm(users, user)
        fresh = request.form.get("fresh", "")
        if fresh != request.form.get("again", ""):
            raise UserError("The new password was typed in two ways: type the same twice.")
        users.set_password(user, fresh, caller(identity), but=identity.number)
        return _done("password")

    @account.post("/code")
    def start_code() -> Response:
        _, user = who(users)
        confirm(users, user)
        if not users.guard.key_lasts:
            raise UserError(
                "The app's secret couldn't be read after a restart: set MTZ_SECRET_KEY first (docs/users.md)."
            )
        session[DRAFT] = secret = users.guard.codes.generate_totp_secret()
        return show(**setup(user, secret))

    @account.post("/code/confirm")
    def confirm_code() -> Response:
        identity, user = who(users)
        secret = session.get(DRAFT)
        if not secret:
            raise UserError("The set-up took too long: begin again.")
        attempt = _begin(users, "code", user)
        user.totp_counter = None  # another app's
        if not users.guard.codes.matches(request.form.get("code", ""), secret, user):
            return show(422, problem=WRONG_CODE, **setup(user, secret))
        session.pop(DRAFT)
        _right(users, attempt)
        users.set_code(user, secret, caller(identity))
        return _done("code")

    @account.post("/code/remove")
    def remove_code() -> Response:
        identity, user = who(users)
        confirm(users, user)
        users.set_code(user, None, caller(identity))
        return _done("code-removed")

    @account.post("/tokens")
    def new_token() -> Response:
        identity, user = who(users)
        confirm(users, user)  # a token outlives the session, and a new password
        days = request.form.get("days", "")
        made = users.create_token(
            request.form.get("name", ""), request.form.get("scope", ""), int(days) if days.isdecimal() and len(days) <= 4 else 0,
            user, caller(identity),
        )  # fmt: skip
        return show(made=made)

    @account.post("/tokens/<int:number>/revoke")
    def revoke_token(number: int) -> Response:
        identity, user = who(users)
        users.revoke_token(caller(identity), number=number, user_id=user.id)
        return _done("token")

    return account


def who(users: Users) -> tuple[Identity, User]:
    """Whose page it is. Raises NoAccountError."""
    identity = current_identity()
    user = users.by_number(identity.user_id) if identity.kind == "user" and identity.user_id else None
    if user is None:
        raise NoAccountError("There is no account to look after: this dashboard needs no log-in now (docs/users.md).")
    return identity, user


def confirm(users: Users, user: User) -> None:
    """What matters asks for the reader's password again: an open page alone isn't enough. Raises UserError."""
    attempt = _begin(users, "user", user)
    if users.check(user.username, request.form.get("password", "")) is None:
        users.note("user.login_failed", caller(current_identity()), user.username, {"what": "password asked for again"})
        raise UserError("That isn't your password now: nothing was changed.")
    _right(users, attempt)


def caller(identity: Identity) -> Caller:
    return identity.caller(request.remote_addr)


def _begin(users: Users, what: str, user: User) -> lockout.Attempt:
    attempt = lockout.begin(users.engine, what, user.username, request.remote_addr)
    if attempt.wait_s:
        raise WaitError(f"Too many attempts failed: wait {attempt.wait_s} s, then try again. Nothing was changed.")
    return attempt


def _right(users: Users, attempt: lockout.Attempt) -> None:
    with users.engine.begin() as conn:
        lockout.right(conn, attempt)


def _done(what: str) -> Response:
    return redirect(f"/account/?done={what}", 303)  # type: ignore[return-value]
