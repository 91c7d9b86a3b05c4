"""The same scenario through three client libraries, each unmodified and in an environment of its own.

What they say is compared with the world's own truth: proof that it is the protocol and not a private dialect.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.conftest import environment
from tests.support.gateway import GatewayHandle

SCRIPTS = Path(__file__).parent / "clients"


def insync(port: int) -> list[str]:
    return [sys.executable, str(SCRIPTS / "high_level.py"), "ib_insync", str(port), "30"]


def ib_async(port: int) -> list[str]:
    return [str(environment("ib_async")), str(SCRIPTS / "high_level.py"), "ib_async", str(port), "30"]


def official(port: int) -> list[str]:
    return [str(environment("ibapi")), str(SCRIPTS / "official.py"), str(port), "30"]


def cents(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.01"))


@pytest.mark.timeout(300)  # the first run installs the environments
@pytest.mark.parametrize("command", [insync, ib_async, official])
def test_a_client_reads_and_trades(gateway: GatewayHandle, tmp_path: Path, command: Callable[[int], list[str]]):
    arguments = command(gateway.port)
    gateway.admin("halt")
    truth = gateway.admin("state")
    with (tmp_path / "client.log").open("w+") as log:
        client = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            read = answer(client, tmp_path)
            check_reading(read, truth)
            gateway.admin("resume_clock")
            client.stdin.write("trade\n")
            client.stdin.flush()
            check_trading(answer(client, tmp_path), read, gateway.admin("state"))
            assert client.wait(20) == 0
        finally:
            client.kill()
            client.communicate()
        assert "Error handling fields" not in (tmp_path / "client.log").read_text()


def answer(client: subprocess.Popen[str], tmp_path: Path) -> dict[str, Any]:
    line = client.stdout.readline()
    assert line, (tmp_path / "client.log").read_text()
    found: dict[str, Any] = json.loads(line)
    return found


def check_reading(read: dict[str, Any], truth: dict[str, Any]) -> None:
    assert read["version"] == 176
    assert read["accounts"] == ["DU9000001"]
    positions = {str(p["con_id"]): p for p in truth["positions"]}
    assert read["positions"].keys() == read["portfolio"].keys() == positions.keys()
    for con_id, expected in positions.items():
        quantity, average = read["positions"][con_id]
        assert quantity == expected["quantity"]
        assert average == pytest.approx(float(expected["average_cost"]), abs=1e-6)
        quantity, value, unrealized = read["portfolio"][con_id]
        assert quantity == expected["quantity"]
        assert cents(value) == Decimal(expected["market_value"])
        assert cents(unrealized) == Decimal(expected["unrealized"])
    assert read["net_liquidation"] == read["summary_net_liquidation"] == truth["net_liquidation"]
    assert read["executions"] == {
        x["exec_id"]: [float(x["price"]), float(x["commission"])] for x in truth["executions"]
    }
    assert read["long_name"] == "WALT DISNEY CO/THE"
    assert read["expirations"] > 10
    assert read["strikes"] > 50
    assert -1 < read["delta"] < 0
    assert read["dividend"] == 0.5
    assert read["bars"] == 10
    assert read["errors"] == [200]
    assert read["first_pnl"] > 1e300


def check_trading(trade: dict[str, Any], read: dict[str, Any], truth: dict[str, Any]) -> None:
    assert trade["statuses"][-3:] == ["PreSubmitted", "Submitted", "Filled"]
    executions = {x["exec_id"]: x for x in truth["executions"]}
    for exec_id, quantity, price in trade["fills"]:
        assert quantity == executions[exec_id]["quantity"]
        assert price == pytest.approx(float(executions[exec_id]["price"]), abs=1e-9)
    assert [x[1] for x in trade["fills"]] == [5, 2, 1, 1, 1]
    assert trade["commissions"] == [3.25, 1.3]
    assert trade["opened"] == [trade["waiting"]]
    assert trade["cancelled"] == "Cancelled"
    assert {trade["sale"], trade["waiting"], trade["roll"]} <= set(trade["completed"])
    assert trade["what_if_margin"] > 500
    assert 202 in trade["errors"]
    held = {str(p["con_id"]): p["quantity"] for p in truth["positions"]}
    assert {con_id: quantity for con_id, (quantity, _) in trade["positions"].items()} == held
    assert held[str(read["option"])] == -6
