"""Users and everybody's tokens, for admins."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from dashboard.auth.account import caller, confirm, who
from dashboard.auth.forms import ForbiddenError, current_identity, page
from dashboard.auth.identity import ROLES, Level
from dashboard.auth.users import UserError, Users

ADMINS_ONLY = "Users are managed by admins: your role is {role}."


def blueprint(users: Users) -> Blueprint:
    manage = Blueprint("manage", __name__, url_prefix="/account/users", template_folder="templates")

    @manage.before_request
    def admins_only() -> None:
        who(users)
        identity = current_identity()
        if identity.level < Level.ADMIN:
            raise ForbiddenError(ADMINS_ONLY.format(role=identity.role))

    @manage.errorhandler(UserError)
    def cannot(error: UserError) -> Response:
        return show(error.status, problem=str(error))

    def show(status: int = 200, /, **values: object) -> Response:
        identity = current_identity()
        return page(
            "users.html",
            status,
            None,
            identity=identity,
            users=users.listed(),
            tokens=users.tokens(),
            roles=list(ROLES),
            **values,
        )

    def done() -> Response:
        return redirect("/account/users/", 303)  # type: ignore[return-value]

    def confirmed() -> None:
        confirm(users, who(users)[1])

    @manage.get("/")
    def home() -> Response:
        return show()

    @manage.post("/")
    def create() -> Response:
        confirmed()
        form = request.form
        users.create(form.get("name", ""), form.get("fresh", ""), form.get("role", ""), caller(current_identity()))
        return done()

    @manage.post("/<name>")
    def change(name: str) -> Response:
        """One change of one user: role, active, unlock, code or password."""
        by, user, form = caller(current_identity()), users.get(name), request.form
        match form.get("what"):
            case "role":
                confirmed()
                users.set_role(user, form.get("role", ""), by)
            case "disable" | "enable":
                users.set_active(user, form.get("what") == "enable", by)
            case "unlock":
                users.unlock(user, by)
            case "code":
                confirmed()
                users.set_code(user, None, by)
            case "password":
                confirmed()
                users.set_password(user, form.get("fresh", ""), by)
            case _:
                raise UserError("This change of a user isn't known.")
        return done()

    @manage.post("/tokens/<int:number>/revoke")
    def revoke(number: int) -> Response:
        users.revoke_token(caller(current_identity()), number=number)
        return done()

    return manage
