"""Which wheel cycle a round trip belongs to, said by hand: `PUT` and `DELETE /api/trades/round-trips/{id}/cycle`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, book_schemas
from dashboard.api.documented import documented
from dashboard.api.note_schemas import NotePath
from data.audit import Caller
from data.placing import Placements


def blueprint(placements: Placements, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who places it; it raises where the caller may not."""
    api = APIBlueprint("placing", __name__, url_prefix="/api", abp_tags=[Tag(name="book")])
    responses = documented(book_schemas.Placed)

    @api.put("/trades/round-trips/<int:id>/cycle", responses=responses)
    def place(path: NotePath, body: book_schemas.PlaceBody) -> Response:
        """Say which wheel cycle a round trip belongs to; what rolls and assignments bind moves with it"""
        return answers.fresh(placements.place(who(), path.id, body.cycle))

    @api.delete("/trades/round-trips/<int:id>/cycle", responses=responses)
    def take_back(path: NotePath) -> Response:
        """Let the rules say again which cycle it belongs to"""
        return answers.fresh(placements.take_back(who(), path.id))

    return api
