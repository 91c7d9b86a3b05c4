"""Bootstrap's style sheet, served from its package: no page asks another host for anything."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import flask

if TYPE_CHECKING:
    import dash

PACKAGE = "flask_bootstrap"
FILE = Path("static/bootstrap5/css/bootstrap.min.css")
ADDRESS = f"/_style/bootstrap-{version('bootstrap-flask')}.css"
MAX_AGE_S = 365 * 24 * 3600  # the address carries the version


def register(app: dash.Dash) -> None:
    folder = package_folder() / FILE.parent

    def bootstrap() -> flask.Response:
        return flask.send_from_directory(folder, FILE.name, mimetype="text/css", max_age=MAX_AGE_S)

    app.server.add_url_rule(ADDRESS, "bootstrap_css", bootstrap)
    app.config.external_stylesheets.append(ADDRESS)


def package_folder() -> Path:
    """Where the package lies; it is not imported, only its file is needed.

    Raises:
        FileNotFoundError: it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{PACKAGE} is not installed: run `make install`.")
    return Path(spec.origin).parent
