"""What every operation documents besides its own answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from dashboard.api.schemas import Problem
from dashboard.problems import CONTENT_TYPE

PROBLEMS = {
    "401": "Nobody is known to ask: log in, or send an API token (`Authorization: Bearer mtz_…`).",
    "403": "Who asks may not do this, or the header against forged requests is missing.",
    "404": "There is no such account, contract or symbol.",
    "421": "The request's Host isn't one of this server's names.",
    "422": "A parameter is wrong, or several accounts exist and none is named.",
    "500": "Something went wrong in the dashboard.",
    "503": "The database is away and nothing is known yet.",
}


def documented(answer: type[BaseModel]) -> dict[str | int, Any]:
    """The answer under 200 and the problems under their status."""
    problem = {"schema": Problem.model_json_schema()}
    return {
        "200": answer,
        "304": {"description": "The caller has this already (If-None-Match)."},
        **{status: {"description": text, "content": {CONTENT_TYPE: problem}} for status, text in PROBLEMS.items()},
    }
