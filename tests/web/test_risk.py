"""Today and the expiry calendar over REST."""

from __future__ import annotations

from dashboard.api import risk_schemas
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web


def test_expiries(web: Web, write: Writer) -> None:
    assert write
    shown = risk_schemas.Expiries.model_validate_json(web.get("/api/calendar/expiries").body, strict=True)
    assert shown.account == ACCOUNT
    held = [item for item in web.get("/api/portfolio/positions").json["items"] if item["sec_type"] == "OPT"]
    assert sum(item.contracts for item in shown.items) == sum(abs(item["quantity"]) for item in held) > 0
    assert {item.expiry for item in shown.items} == {item["expiry"] for item in held}


def test_today(web: Web, write: Writer) -> None:
    assert write
    shown = risk_schemas.Today.model_validate_json(web.get("/api/today").body, strict=True)
    assert shown.free_cash == web.get("/api/calendar/expiries").json["free_cash"]
    assert shown.free_cash is not None
    assert ("free_cash" in {line.kind for line in shown.items}) == (shown.free_cash < 0)
    assert any(
        "agent" in sentence for sentence in shown.unknown
    )  # none runs here: whether bots are late can't be known
    assert any("no statement has been compared" in sentence for sentence in shown.unknown)
