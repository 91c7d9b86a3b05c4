"""Only what a page of ours asks is a callback: anything else is refused before Dash stumbles over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
from werkzeug.exceptions import BadRequest

if TYPE_CHECKING:
    import dash

PATH = "/_dash-update-component"


def register(app: dash.Dash) -> None:
    def known() -> None:
        """Raises BadRequest."""
        if flask.request.path != PATH or flask.request.method != "POST":
            return
        try:
            body = flask.request.get_json()
        except RecursionError:
            raise BadRequest from None
        if not isinstance(body, dict) or not _is_ours(body, app.callback_map):
            raise BadRequest

    app.server.before_request(known)


def _is_ours(body: dict[str, Any], known: dict[str, Any]) -> bool:
    output, changed = body.get("output"), body.get("changedPropIds")
    callback = known.get(output) if isinstance(output, str) else None
    return (
        callback is not None
        and _fits(body.get("inputs"), callback["inputs"])
        and _fits(body.get("state", []), callback["state"])
        and isinstance(body.get("outputs", []), dict | list)
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
    )


def _fits(sent: object, declared: list[dict[str, Any]]) -> bool:
    """Whether these properties were sent, in this order; what is in them is the callback's to judge."""
    return isinstance(sent, list) and [
        (item.get("id"), item.get("property")) if isinstance(item, dict) else None for item in sent
    ] == [(item["id"], item["property"]) for item in declared]
