"""What works at the broker now: a fresh list for whoever asks, and a final state for orders that ended unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.db import connect
from data.model import Role
from data.strategies.agent.asking import NoAnswerError, ask
from tests.agent.world import Trader, at_broker, resting
from tests.poller.conftest import ACCOUNT, StartPoller, Watched
from tests.poller.process import ib_async_python
from tests.support.gateway import PROJECT, GatewayHandle

# The module under the other library, in its environment.
CANCEL = """
import json, sys
from data.strategies.cancelling import LinkError, cancel
host, port, client_id, perm_ids = json.loads(sys.argv[1])
try:
    done = cancel(host, port, client_id, perm_ids, 8.0)
    print(json.dumps([sorted(done.ended.items()), done.refused, sorted(done.unanswered)]))
except LinkError as error:
    print(json.dumps(str(error.state)))
"""


def fresh(url: str) -> list[int]:
    with connect(url, Role.AGENT, "test", autocommit=True) as conn:
        return ask(conn, ACCOUNT, 10.0)


def test_everybody_s_orders_with_their_rows(
    db: Watched, gateway: GatewayHandle, start_poller: StartPoller, python: Path
) -> None:
    start_poller(db.url, python=python)
    db.wait_live()
    assert fresh(db.url) == []
    placed = [*Trader(gateway, 7).place(resting(), resting("SELL", 9999.0)), *Trader(gateway, 8).place(resting())]
    assert fresh(db.url) == sorted(placed)
    rows = db.rows("SELECT perm_id, client_id, status FROM orders ORDER BY perm_id")
    assert {(row[0], row[1]) for row in rows} == {(placed[0], 7), (placed[1], 7), (placed[2], 8)}
    assert {row[2] for row in rows} == {"Submitted"}


def test_what_ended_while_nobody_looked_has_a_final_state(
    db: Watched, gateway: GatewayHandle, start_poller: StartPoller
) -> None:
    """The new poller has never heard of the order: it is in the database alone."""
    first = start_poller(db.url)
    db.wait_live()
    (stays, goes) = Trader(gateway, 7).place(resting(), resting())
    assert fresh(db.url) == [stays, goes]
    first.terminate()
    assert cancel(sys.executable, gateway, 7, [goes]) == [[[goes, "Cancelled"]], {}, []]
    start_poller(db.url)
    assert fresh(db.url) == [stays]
    status = dict(db.rows("SELECT perm_id, status FROM orders"))
    assert (status[stays], status[goes]) == ("Submitted", "Unknown")
    assert db.one("SELECT status FROM order_events WHERE perm_id = %s ORDER BY id DESC LIMIT 1", goes) == "Unknown"


def test_a_gateway_that_is_away_is_said(db: Watched, gateway: GatewayHandle, start_poller: StartPoller) -> None:
    start_poller(db.url)
    db.wait_live()
    gateway.terminate()
    with pytest.raises(NoAnswerError) as caught:
        fresh(db.url)
    assert str(caught.value)
    assert "poller doesn't answer" not in str(caught.value)  # it did, with the reason
    gateway.restart()
    db.wait_live()
    assert fresh(db.url) == []


def test_a_broker_that_the_gateway_has_lost_is_not_believed(
    db: Watched, gateway: GatewayHandle, start_poller: StartPoller
) -> None:
    """The gateway would answer from its own memory."""
    start_poller(db.url)
    db.wait_live()
    gateway.admin("error", code=1100)
    with pytest.raises(NoAnswerError, match="1100"):
        fresh(db.url)
    gateway.admin("error", code=1102)
    assert fresh(db.url) == []


def test_nobody_but_the_poller_may_answer(db: Watched) -> None:
    with connect(db.url, Role.AGENT, "test") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("INSERT INTO order_answers (request, perm_ids) VALUES (1, '{}')")


@pytest.mark.parametrize("library", ["ib_insync", "ib_async"])
def test_cancelling_by_perm_id(gateway: GatewayHandle, library: str) -> None:
    python = sys.executable if library == "ib_insync" else ib_async_python()
    first, second = Trader(gateway, 7).place(resting(), resting())
    (other,) = Trader(gateway, 8).place(resting())
    # What isn't this client's is left alone and not spoken of.
    assert cancel(python, gateway, 7, [first, other, 424242]) == [[[first, "Cancelled"]], {}, []]
    assert at_broker(gateway) == {second, other}
    assert cancel(python, gateway, 7, []) == [[], {}, []]
    gateway.terminate()
    assert cancel(python, gateway, 7, [second]) == "refused"


def cancel(python: Path | str, gateway: GatewayHandle, client_id: int, perm_ids: list[int]) -> Any:
    done = subprocess.run(
        [str(python), "-W", "error", "-c", CANCEL, json.dumps([gateway.host, gateway.port, client_id, perm_ids])],
        cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
