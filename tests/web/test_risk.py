"""Today and the expiry calendar over REST."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.api import risk_schemas
from tests.web.samples import ACCOUNT, Writer, portfolio
from tests.web.server import Web


def test_expiries(web: Web, write: Writer) -> None:
    assert write
    shown = risk_schemas.Expiries.model_validate_json(web.get("/api/calendar/expiries").body, strict=True)
    assert shown.account == ACCOUNT
    held = [item for item in web.get("/api/portfolio/positions").json["items"] if item["sec_type"] == "OPT"]
    assert sum(item.contracts for item in shown.items) == sum(abs(item["quantity"]) for item in held) > 0
    assert {item.expiry for item in shown.items} == {item["expiry"] for item in held}


def test_the_brokers_margin_stands_beside_ours(web: Web, write: Writer) -> None:
    empty = web.get("/api/calendar/expiries").json["broker"]
    assert {value for name, value in empty.items() if name != "as_of"} == {None}
    change = datetime(2026, 3, 12, 21, tzinfo=UTC)
    write.flush(
        portfolio=portfolio(post_expiration_margin=9_800.0, post_expiration_excess=0.0, look_ahead_next_change=change)
    )
    told = web.get("/api/calendar/expiries").json["broker"]
    assert (told["post_expiration_margin"], told["post_expiration_excess"]) == (9_800.0, 0.0)
    assert (told["look_ahead_initial_margin"], told["look_ahead_next_change"]) == (None, "2026-03-12T21:00:00.000Z")


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


def test_one_position_is_the_lists_row_with_its_greeks_in_money(web: Web, write: Writer) -> None:
    assert write
    shown = risk_schemas.PositionDetail.model_validate_json(web.get("/api/positions/2").body, strict=True)
    listed = {item["con_id"]: item for item in web.get("/api/portfolio/positions").json["items"]}
    assert shown.position.model_dump() == listed[2]
    assert (shown.money.delta_shares, shown.money.theta) == (
        60.0,
        16.0,
    )  # two short puts of a delta of -0.3, a theta of -0.08
    gone = web.get("/api/positions/77")
    assert gone.status == 404
    assert gone.json["detail"] == (
        f"Contract 77 is not held in account {ACCOUNT}; GET /api/portfolio/positions lists what is."
    )
    assert web.get("/api/positions/KO").status == 404


def test_portfolio_greeks_are_the_sums_of_the_positions(web: Web, write: Writer) -> None:
    assert write
    shown = risk_schemas.Greeks.model_validate_json(web.get("/api/portfolio/greeks").body, strict=True)
    money = [web.get(f"/api/positions/{con_id}").json["money"] for con_id in (1, 2)]
    [total] = shown.totals
    assert total.legs == 2
    assert total.delta is not None
    assert round(total.delta, 4) == round(sum(each["delta"] for each in money), 4)
    [spy] = shown.items
    assert (shown.benchmark.symbol, spy.beta, spy.beta_reason) == ("SPY", None, "No price bars of SPY are stored yet.")
    assert total.without_beta == ["SPY"]
