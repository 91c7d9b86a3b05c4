"""Our scripts as one file and our style sheets as another: a page of eighty small ones waits for each of them.

Their addresses carry a digest of what is in them, so that browsers keep them for good.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import flask

from callbacks.stylesheet import MAX_AGE_S

if TYPE_CHECKING:
    import dash


def register(app: dash.Dash) -> None:
    app.config.assets_ignore = r"\.(js|css)$"  # Dash would list each by itself
    app.config.external_stylesheets.append(_serve(app, "css", "text/css"))
    app.config.external_scripts.append(_serve(app, "js", "text/javascript"))


def _serve(app: dash.Dash, kind: str, mimetype: str) -> str:
    """Serve all files of a kind as one; returns its address. A folder's own files come before those of the folders in it."""
    files = sorted(Path(app.config.assets_folder).rglob(f"*.{kind}"), key=lambda file: (file.parent, file.name))
    content = b"\n".join(file.read_bytes() for file in files)
    address = f"/_style/app-{hashlib.sha256(content).hexdigest()[:16]}.{kind}"

    def bundle() -> flask.Response:
        answer = flask.Response(content, mimetype=mimetype)
        answer.cache_control.public = answer.cache_control.immutable = True
        answer.cache_control.max_age = MAX_AGE_S
        return answer

    app.server.add_url_rule(address, f"bundle_{kind}", bundle)
    return address
