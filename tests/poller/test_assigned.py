"""An assignment overnight over the real socket: the positions move, the executions come later or not at all."""

from __future__ import annotations

from typing import Any

from data.db import make_engine
from data.model import Role
from data.reads import Reads
from data.risk_reads import assignments, today_view
from tests.poller.conftest import ACCOUNT, StartPoller, Watched
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle


def test_a_silent_assignment_is_seen_and_is_in_no_book(
    gateway: GatewayHandle, start_poller: StartPoller, db: Watched
) -> None:
    with start_poller(db.url):
        db.wait_live()
        shorts = [p for p in gateway.admin("state")["positions"] if p["right"] == "P" and p["quantity"] < 0]
        eventually(
            lambda: db.one("SELECT count(*) FROM positions_latest WHERE con_id = %s", shorts[0]["con_id"]), "the put"
        )
        gateway.admin("assign", con_id=shorts[0]["con_id"], executions=False)
        gateway.admin("assign", con_id=shorts[1]["con_id"], executions=True)
        engine = make_engine(db.url, Role.WEB, "test")
        try:
            reads = Reads(engine, db.url)

            def seen() -> dict[int, Any]:
                return {each["con_id"]: each for each in assignments(reads, ACCOUNT)["items"]}

            states = {shorts[0]["con_id"]: "unconfirmed", shorts[1]["con_id"]: "confirmed"}
            eventually(lambda: {con: each["state"] for con, each in seen().items()} == states, "both assignments")
            silent = seen()[shorts[0]["con_id"]]
            assert silent["contracts"] == -shorts[0]["quantity"]
            assert silent["shares"] == -shorts[0]["quantity"] * 100
            kinds = [line["kind"] for line in today_view(reads, ACCOUNT)["items"]]
            assert kinds.count("assigned") == 2
        finally:
            engine.dispose()
        assert db.one("SELECT count(*) FROM executions WHERE con_id = %s", shorts[0]["con_id"]) == 0
