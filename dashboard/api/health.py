"""`/health`: whether every part works; for people, load balancers and container health checks."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas
from dashboard.api.documented import documented
from data import board as boards
from data.reads import DatabaseAway, Reads
from data.views import ComponentView, HealthView

UNTOLD = "Log in to read why."
WORKING = frozenset({"running", "connected"})
NOBODY = "No account has been seen yet: the poller must have connected to the gateway once."


def blueprint(reads: Reads, is_known: Callable[[], bool]) -> APIBlueprint:
    """`is_known` says whether the caller may read reasons: they name hosts, ports and users."""
    api = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])
    responses = documented(schemas.ServiceHealth) | {"503": schemas.ServiceHealth}

    @api.get("/health", strict_slashes=False, responses=responses)
    def service_health(query: schemas.NoQuery) -> Response:
        """Database, poller and gateway, each with its age; 503 when one doesn't work"""
        del query
        parts = components(reads)
        if not is_known():
            parts = {name: {**part, "reason": part["reason"] and UNTOLD} for name, part in parts.items()}
        ok = all(part["state"] in WORKING for part in parts.values())
        answer = answers.fresh({"status": "ok" if ok else "failing", **parts})
        answer.status_code = 200 if ok else 503
        return answer

    return api


def components(reads: Reads) -> dict[str, ComponentView]:
    """Database, poller and gateway of the account that is worst off."""
    try:
        views = [reads.health(account) for account in reads.accounts()]
    except DatabaseAway:
        views = []
    if not views:
        away = reads.away()
        unknown: ComponentView = {"state": "unknown", "reason": away or NOBODY, "since": None, "age_s": None}
        database = boards.database(reads.board(), reads.clock(), away)
        return {"database": database, "poller": unknown, "gateway": unknown}
    worst = min(views, key=_working)
    return {"database": worst["database"], "poller": worst["poller"], "gateway": worst["gateway"]}


def _working(view: HealthView) -> int:
    return sum(part["state"] in WORKING for part in (view["database"], view["poller"], view["gateway"]))
