"""The same session on both client libraries, each in an environment of its own: they are interchangeable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.gateway.conftest import environment
from tests.support.gateway import PROJECT, start_gateway
from tests.support.proxy import Proxy

SCRIPT = PROJECT / "tests" / "poller" / "core_session.py"


@pytest.mark.timeout(300)  # the first run installs the environment
@pytest.mark.parametrize("library", ["ib_insync", "ib_async"])
def test_the_core_of_a_session(tmp_path: Path, library: str):
    python = sys.executable if library == "ib_insync" else str(environment("ib_async"))
    with (
        start_gateway(tmp_path, trader=False, master_client_id=30) as gateway,
        Proxy(gateway.port) as proxy,
        (tmp_path / "session.log").open("w+") as log,
        subprocess.Popen(
            [python, "-W", "error::ResourceWarning", str(SCRIPT), str(proxy.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        ) as session,
    ):  # fmt: skip
        try:

            def line() -> str:
                found: str = session.stdout.readline().strip()
                assert found, (tmp_path / "session.log").read_text()
                return found

            assert line() == "filling"
            con_id = next(p["con_id"] for p in gateway.admin("state")["positions"] if p["sec_type"] == "OPT")
            gateway.admin("fill", con_id=con_id, action="SELL", quantity=1, price="1.05", client_id=77)
            assert line() == "dropping"
            proxy.drop()
            assert line() == "halting"
            gateway.admin("halt")
            gateway.admin("set_price", symbol="SPY", price=651.25)
            truth = gateway.admin("state")
            session.stdin.write("\n")
            session.stdin.flush()
            heard = json.loads(line())
            assert session.wait(20) == 0
        finally:
            session.kill()
    assert heard["library"] == library
    assert heard["account"] == "DU9000001"
    assert heard["phase"] == "open"
    assert heard["errors"] == []
    assert cents(heard["net_liquidation"]) == Decimal(truth["net_liquidation"])
    assert cents(heard["daily"]) == Decimal(truth["daily"])
    held = {str(p["con_id"]): p for p in truth["positions"]}
    assert heard["positions"].keys() == held.keys()
    for con_id, (quantity, value, unrealized, delta) in heard["positions"].items():
        expected = held[con_id]
        assert quantity == expected["quantity"]
        assert cents(value) == Decimal(expected["market_value"])
        assert cents(unrealized) == Decimal(expected["unrealized"])
        assert (delta is not None) == (expected["sec_type"] == "OPT")
    booked = {x["exec_id"]: (Decimal(x["price"]), Decimal(x["commission"])) for x in truth["executions"]}
    assert {i: (Decimal(x[0]), Decimal(x[1])) for i, x in heard["executions"].items()} == booked


def cents(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.01"))
