"""`/api/preferences/{page}`: how the reader who asks likes a page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, preference_schemas
from dashboard.api.documented import documented
from data.preferences import Preferences


def blueprint(preferences: Preferences, reader: Callable[[], int | None]) -> APIBlueprint:
    """`reader` says whose they are: a user's id, None where nobody had to log in."""
    api = APIBlueprint("preferences", __name__, url_prefix="/api/preferences", abp_tags=[Tag(name="preferences")])

    @api.get("/<page>", responses=documented(preference_schemas.Preferences))
    def preference(path: preference_schemas.PagePath) -> Response:
        """Columns, sort and filters of a page as you keep them; null: as the page comes"""
        return answers.fresh(preferences.get(reader(), path.page))

    @api.put("/<page>", responses=documented(preference_schemas.Preferences))
    def keep(path: preference_schemas.PagePath, body: preference_schemas.PreferencesBody) -> Response:
        """Keep how you like a page, in the place of what was kept before; null forgets it"""
        value = body.value.model_dump(mode="json") if body.value else None
        return answers.fresh(preferences.put(reader(), path.page, value))

    return api
