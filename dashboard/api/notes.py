"""Notes and tags of executions, round trips and underlyings: `GET` and `PUT /api/…/notes`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, note_schemas, schemas
from dashboard.api.documented import documented
from dashboard.api.note_schemas import NoteBody, NotePath, SymbolPath
from data.audit import Caller
from data.notes import Edit, Notes, Subject
from data.reads import Reads


def blueprint(reads: Reads, notes: Notes, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who writes; it raises where the caller may not."""
    api = APIBlueprint("notes", __name__, url_prefix="/api", abp_tags=[Tag(name="notes")])
    responses = documented(note_schemas.Note)
    stored = responses | {"409": {"description": "Somebody else wrote meanwhile: theirs stands, nothing was stored."}}

    def underlying(path: SymbolPath, query: schemas.AccountQuery) -> Subject:
        return Subject("underlying", symbol=path.symbol, account=answers.which(reads, query.account))

    def put(subject: Subject, body: NoteBody) -> Response:
        edit = Edit(body.note, tuple(body.tags), body.excluded, body.version)
        return answers.fresh(notes.put(who(), subject, edit))

    @api.get("/trades/<int:id>/notes", responses=responses)
    def trade_note(path: NotePath) -> Response:
        """What somebody wrote beside an execution"""
        return answers.tagged(notes.get(Subject("execution", path.id)))

    @api.put("/trades/<int:id>/notes", responses=stored)
    def write_trade_note(path: NotePath, body: NoteBody) -> Response:
        """Write beside an execution; corrections of it keep what is written"""
        return put(Subject("execution", path.id), body)

    @api.get("/trades/round-trips/<int:id>/notes", responses=responses)
    def round_trip_note(path: NotePath) -> Response:
        """What somebody wrote beside a round trip"""
        return answers.tagged(notes.get(Subject("round_trip", path.id)))

    @api.put("/trades/round-trips/<int:id>/notes", responses=stored)
    def write_round_trip_note(path: NotePath, body: NoteBody) -> Response:
        """Write beside a round trip"""
        return put(Subject("round_trip", path.id), body)

    @api.get("/underlyings/<symbol>/notes", responses=responses)
    def underlying_note(path: SymbolPath, query: schemas.AccountQuery) -> Response:
        """What somebody wrote beside an underlying"""
        return answers.tagged(notes.get(underlying(path, query)))

    @api.put("/underlyings/<symbol>/notes", responses=stored)
    def write_underlying_note(path: SymbolPath, query: schemas.AccountQuery, body: NoteBody) -> Response:
        """Write beside an underlying; excluded, all its roll chains are left out of the win rate on the Overview"""
        return put(underlying(path, query), body)

    return api
