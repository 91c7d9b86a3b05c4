"""Pause, resume, stop and the kill switch: `POST /api/strategies/{bot}/{strategy}/…`, `/api/kill-switch`, `/api/commands/{id}`."""

from __future__ import annotations

from collections.abc import Callable

import flask
from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, command_schemas
from dashboard.api.command_schemas import CommandBody, CommandHeader, CommandPath, StrategyPath
from dashboard.api.documented import documented
from dashboard.encode import dump
from data import control
from data.audit import Caller
from data.commands import Commands, Request
from data.strategies.desired import EVERY, Action, Scope

ACCEPTED = "A new command: 202; one that was given before: 200. GET /api/commands/{id} says how far it is."


def blueprint(commands: Commands, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who calls; it raises where the caller may not command."""
    api = APIBlueprint("commands", __name__, url_prefix="/api", abp_tags=[Tag(name="strategies")])
    responses = documented(command_schemas.CommandAnswer) | {
        "202": command_schemas.CommandAnswer,
        "409": {"description": "It can't be done now, or a safer command counts; the sentence says which."},
    }

    def give(action: Action, name: str, header: CommandHeader, body: CommandBody) -> Response:
        if flask.request.content_length:
            flask.request.get_json()  # what can't be read is refused, not taken for a body that was left out
        request = Request(name, action, Scope(body.scope), body.symbol, body.reason)
        submitted = commands.submit(who(), request, header.idempotency_key)
        view = control.answer(commands, submitted)
        return Response(
            dump(view),
            202 if submitted.is_new else 200,
            mimetype=answers.JSON,
            headers={"Cache-Control": answers.NEVER},
        )

    @api.post("/strategies/<bot>/<strategy>/pause", responses=responses, description=ACCEPTED)
    def pause(path: StrategyPath, header: CommandHeader, body: CommandBody) -> Response:
        """No new orders (scope opening: rolls and closes go on)"""
        return give(Action.PAUSE, path.name, header, body)

    @api.post("/strategies/<bot>/<strategy>/resume", responses=responses, description=ACCEPTED)
    def resume(path: StrategyPath, header: CommandHeader, body: CommandBody) -> Response:
        """Back to normal"""
        return give(Action.RESUME, path.name, header, body)

    @api.post("/strategies/<bot>/<strategy>/stop", responses=responses, description=ACCEPTED)
    def stop(path: StrategyPath, header: CommandHeader, body: CommandBody) -> Response:
        """No new orders, and working orders are cancelled; positions are never closed"""
        return give(Action.STOP, path.name, header, body)

    @api.post("/kill-switch", responses=responses, description=ACCEPTED)
    def kill(header: CommandHeader, body: CommandBody) -> Response:
        """Stop every strategy"""
        return give(Action.STOP, EVERY, header, body)

    @api.post("/kill-switch/release", responses=responses, description=ACCEPTED)
    def release(header: CommandHeader, body: CommandBody) -> Response:
        """Release the kill switch; each strategy stays stopped until it is resumed"""
        return give(Action.RESUME, EVERY, header, body)

    @api.get("/commands/<id>", strict_slashes=False, responses=documented(command_schemas.Command))
    def command(path: CommandPath) -> Response:
        """How far a command is"""
        return answers.fresh(commands.get(path.id))

    return api
