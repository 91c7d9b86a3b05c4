"""`mtz run` with a past: given once, also after an end in the middle, and the present goes on from it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from tests.stack.harness import START_S, Stack, mtz, open_folder
from tests.stack.test_run import free_port

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]
DAYS = 12


def test_a_new_demo_is_given_a_past_once() -> None:
    with open_folder() as folder:
        ended = Stack(folder, free_port(), MTZ_DEMO_HISTORY_DAYS="365")
        ended.wait_line("history", "a new demo is given a past of 365 days first, in about 24 s", START_S)
        ended.wait_line("history", "10 % sample history", START_S)
        tree = ended.tree()
        assert ended.stop(signal.SIGINT) == 0
        _, alive = psutil.wait_procs(tree, timeout=5)
        assert not alive

        stack = Stack(folder, free_port(), MTZ_DEMO_HISTORY_DAYS=str(DAYS))
        try:
            line = stack.wait_line("history", f"ready  sample history of {DAYS} days", START_S)
            stack.wait_line("gateway", "ready", START_S, after=line)
            stack.wait_healthy(START_S)
            live = stack.wait_get(
                "/api/portfolio/", lambda status, body: status == 200 and body["freshness"] == "live", START_S
            )
            first_day = datetime.now(UTC) - timedelta(days=DAYS + 5)
            assert first_day.isoformat() < live["total_pnl_since"]
            assert (datetime.now(UTC) - timedelta(days=DAYS - 4)).isoformat() > live["total_pnl_since"]
            since = live["total_pnl_since"][:10]
            _, equity = stack.get(f"/api/analytics/equity?from={since}&resolution=1d")
            assert len(equity["items"]) >= DAYS * 5 // 7 - 2
            before, newest = [point["close"] for point in equity["items"][-2:]]
            assert abs(newest / before - 1) < 0.05
            assert {flow["kind"] for flow in equity["flows"]} == {"deposit", "withdrawal"}
            _, bars = stack.get(f"/api/analytics/bars/SPY?from={since}&resolution=1d")
            assert len(bars["items"]) >= len(equity["items"]) - 1
            assert bars["problem"] is None
            assert stack.get("/api/trades/")[1]["items"]
        finally:
            stack.stop()

        again = Stack(folder, free_port(), MTZ_DEMO_HISTORY_DAYS=str(DAYS))
        try:
            again.wait_running()
            assert not [line for line in again.lines if line.startswith("history")]
            assert again.get("/api/portfolio/")[1]["total_pnl_since"] == live["total_pnl_since"]
            done = mtz("seed", cwd=folder, MTZ_DATA_DIR=str(folder / "data"))
            assert done.returncode == 5
            assert "is in use by a running dashboard" in done.stderr
        finally:
            again.stop()
