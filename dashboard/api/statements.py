"""`/api/statements/uploads`: Flex files that are imported by a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Literal

import flask
from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api import answers
from dashboard.api.documented import documented
from dashboard.api.errors import problem
from dashboard.api.schemas import Answer
from dashboard.encode import dump
from dashboard.uploads import LARGEST, UnknownUploadError, UploadRefusedError, Uploads
from data.audit import Caller

EXAMPLE: dict[str, Any] = {
    "id": "20260201T080000-4f1b5f0a9c3e", "name": "january.xml", "bytes": 183220, "state": "done", "by": "anna",
    "started_at": "2026-02-01T08:00:00.000Z", "ended_at": "2026-02-01T08:00:03.120Z", "result": {}, "problem": None,
}  # fmt: skip


class UploadQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        "statement.xml", min_length=1, max_length=200, description="The file's name, to tell it from others."
    )


class UploadPath(BaseModel):
    upload: str = Field(max_length=60)


class Upload(Answer):
    """The importer's own `result` once it is done; `problem` is one sentence why nothing was imported, else null."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    bytes: int
    state: Literal["importing", "done", "failed"]
    by: str
    started_at: str
    ended_at: str | None
    result: Any
    problem: str | None


class UploadList(Answer):
    """Newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE]}]})

    items: list[Upload]


def blueprint(uploads: Uploads, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who uploads; it raises where the caller may not command."""
    api = APIBlueprint("statements", __name__, url_prefix="/api/statements", abp_tags=[Tag(name="reconciliation")])
    refused: dict[str | int, Any] = {
        "202": Upload, "413": {"description": "The file is too large."}, "429": {"description": "Too many files at once."},
    }  # fmt: skip

    @api.post("/uploads", responses=documented(Upload) | refused, description="The body is the file itself.")
    def upload(query: UploadQuery) -> Response:
        """Import an Activity Flex statement; GET /api/statements/uploads/{upload} says how far it is"""
        caller = who()
        flask.request.max_content_length = LARGEST
        try:
            view = uploads.take(caller, PurePath(query.name).name, flask.request.stream)
        except UploadRefusedError as error:
            return problem(error.status, str(error))
        return Response(dump(view), 202, mimetype=answers.JSON, headers={"Cache-Control": answers.NEVER})

    @api.get("/uploads", responses=documented(UploadList))
    def listed() -> Response:
        """Files that were uploaded lately, newest first"""
        return answers.fresh({"items": uploads.list()})

    @api.get("/uploads/<upload>", responses=documented(Upload))
    def state(path: UploadPath) -> Response:
        """How far an upload is"""
        try:
            return answers.fresh(uploads.get(path.upload))
        except UnknownUploadError as error:
            return problem(404, str(error))

    return api
