"""`create_app`: one Flask server with the API, `/ws`, the exports and the Dash application."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dash
from flask import Flask, request

import callbacks
from dashboard import api, auth, exports, ws
from dashboard.api.hot import HotPortfolio
from dashboard.encode import Encoder
from dashboard.pricing import Pricer
from dashboard.security import FrontDoor
from dashboard.settings import Settings
from dashboard.uploads import Uploads
from data.assigning import Assignments
from data.commands import Commands
from data.db import DatabaseError, make_engine
from data.model import Role
from data.notes import Notes
from data.payoffs import Payoffs
from data.placing import Placements
from data.preferences import Preferences
from data.previews import Previews
from data.reads import Reads
from data.risk_views import RiskOptions
from data.strategies.reports import Reports

NAME = "MoneyTrailz"
POOL_SIZE = 10
LARGEST_BODY = 8 * 1024 * 1024  # bytes; far more than a bot reports at once

# Before anything is painted: the theme that the reader chose, else the dark one.
THEME_SCRIPT = (
    'try{document.documentElement.dataset.bsTheme=localStorage.getItem("mtz-theme")||"dark"}'
    'catch(e){document.documentElement.dataset.bsTheme="dark"}'
)
# What tables need; a page without any would be warned of it by the browser.
TABLES = '<link rel="preload" href="/_dash-component-suites/dash_ag_grid/async-community.js" as="script">'
WITH_TABLES = frozenset({"/", "/strategies", "/positions", "/trades"})
INDEX = f"""<!DOCTYPE html>
<html lang="en" data-bs-theme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
{{%metas%}}
<title>{{%title%}}</title>
<script>{THEME_SCRIPT}</script>
<link rel="preload" href="/_dash-layout" as="fetch" crossorigin>
<link rel="preload" href="/_dash-dependencies" as="fetch" crossorigin>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
{{%css%}}
</head>
<body>
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Services:
    """What the web process runs beside the requests; `app.extensions["mtz"]`."""

    reads: Reads
    hub: ws.Hub


class Dashboard(dash.Dash):  # type: ignore[misc]
    """Dash whose title carries the badge: DEMO, PAPER or LIVE as the database says at that moment."""

    reads: Reads

    def interpolate_index(self, **kwargs: Any) -> str:
        source = self.reads.source()
        kwargs["title"] = f"{NAME} · {source.upper()}" if source else NAME
        if request.path in WITH_TABLES:
            kwargs["metas"] += TABLES
        page: str = super().interpolate_index(**kwargs)
        return page


def create_app(settings: Settings) -> Flask:
    """Put the web application together. Opens no connection: the database may be away.

    Raises:
        DatabaseError: no database is configured, or its URL is malformed.
    """
    if settings.database_url is None:
        raise DatabaseError("No database is configured: set DATABASE_URL, or use `mtz run`, which brings its own.")
    url = settings.database_url
    engine = make_engine(url, Role.WEB, "web", pool_size=POOL_SIZE)
    risk = RiskOptions(settings.profit_target_pct, settings.dte_limit, settings.cash_fund_symbols, settings.benchmark)
    reads = Reads(
        engine,
        url,
        risk_free_pct=settings.risk_free_pct,
        has_portfolio_margin=settings.margin == "portfolio",
        risk=risk,
    )
    encoder = Encoder(reads)
    hub = ws.Hub(reads, encoder, url)

    server = api.make_app("dashboard", version("moneytrailz-dashboard"))
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    guarded = auth.install(server, reads, settings, THEME_SCRIPT)
    commands = Commands(reads.engine, url)
    api.register(
        server,
        reads,
        encoder,
        commands,
        Reports(engine, url),
        Assignments(engine, url),
        Notes(engine, url),
        Placements(engine, url),
        Uploads(settings, engine),
        auth.commander,
        auth.is_known,
        Preferences(engine, url),
        lambda: auth.current_identity().user_id,
        Payoffs(reads, Pricer(), settings.risk_free_pct),
        settings.benchmark,
    )
    exports.register(server, reads)
    ws.register(server, hub, guarded.watched)
    hub.also(guarded.admission)
    pages = _pages(server, reads, commands, url, settings.benchmark)
    server.extensions["mtz"] = Services(reads, hub)
    theme = base64.b64encode(hashlib.sha256(THEME_SCRIPT.encode()).digest()).decode()
    server.wsgi_app = FrontDoor(  # type: ignore[method-assign]
        guarded.gate(HotPortfolio(server.wsgi_app, reads, encoder)),
        settings.allowed_hosts,
        lambda: [f"'sha256-{theme}'", *pages.csp_hashes()],
    )
    return server


def _pages(server: Flask, reads: Reads, commands: Commands, url: str, benchmark: str) -> Dashboard:
    pages = Dashboard(
        "dashboard",
        server=server,
        assets_folder=str(Path(__file__).with_name("assets")),
        serve_locally=True,
        title=NAME,
        update_title=None,
        index_string=INDEX,
        csrf_token_name=server.config[auth.CSRF_COOKIE],
        csrf_header_name=auth.CSRF_HEADER,
    )
    pages.reads = reads
    engine = reads.engine
    callbacks.register_all(
        pages,
        reads,
        commands,
        Assignments(engine, url),
        Previews(engine, url),
        auth.commander,
        auth.why_not,
        benchmark,
        auth.reader,
    )
    return pages
