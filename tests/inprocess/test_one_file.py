"""The client by itself: what it needs, what it keeps, what it takes for an answer. The dashboard is a few lines of http.server."""

from __future__ import annotations

import ast
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from data.strategies import bot_client
from data.strategies.bot_client import Control, RegistryControl, State, Strategy


def test_it_needs_python_3_10_and_nothing_else() -> None:
    tree = ast.parse(Path(bot_client.__file__).read_text(), feature_version=(3, 10))
    wanted = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    wanted |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in wanted} <= set(sys.stdlib_module_names)


class Dashboard:
    """Answers with `states`, or with what a test wants instead; keeps what it was told."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {"bot": "b", "command": 1, "is_killed": False, "strategies": {}}
        self.instead: tuple[int, bytes] | None = None
        self.beats: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}
        self.heard = threading.Condition()

    def want(self, strategy: str, desired: str, command: int) -> None:
        known = self.states["strategies"] | {strategy: {"desired": desired, "command": command, "symbols": {}}}
        self.states = self.states | {"command": command, "strategies": known}

    def next_beat(self, count: int = 2) -> dict[str, Any]:
        """The newest after `count` more, so that it began after now."""
        with self.heard:
            until = len(self.beats) + count
            assert self.heard.wait_for(lambda: len(self.beats) >= until, 20)
            return self.beats[-1]


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    board = Dashboard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with board.heard:
                board.headers = dict(self.headers)
                if self.path == "/api/bots/b/heartbeat":
                    board.beats.append(body)
                else:
                    board.lines += body["items"]
                board.heard.notify_all()
            status, data = board.instead or (200, json.dumps(board.states).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    board.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield board
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def made() -> Iterator[list[Control]]:
    controls: list[Control] = []
    yield controls
    for control in controls:
        control.close()


def control_of(board: Dashboard, made: list[Control], *strategies: Strategy, **more: Any) -> Control:
    made.append(Control(board.url, "b", strategies, heartbeat_s=0.05, **more))  # type: ignore[attr-defined]
    return made[-1]


def test_nothing_runs_until_the_first_answer(dashboard: Dashboard, made: list[Control]) -> None:
    control = control_of(dashboard, made, Strategy("w"), token="mtz_secret")
    assert not control.may_trade("w")
    assert control_of(dashboard, made, Strategy("w"), run_unknown=True).may_open("w")
    assert control.start(20)
    assert control.may_open("w")
    assert dashboard.headers["Authorization"] == "Bearer mtz_secret"


@pytest.mark.parametrize(
    "instead",
    [
        (200, b"<html>"), (200, b"[]"), (200, b"{}"), (500, b""), (302, b""),
        (200, b'{"bot": "another", "command": 9, "is_killed": false, "strategies": {}}'),
        (200, b'{"bot": "b", "command": 9, "is_killed": false, "strategies": {"w": {"desired": "go", "command": 1, "symbols": {}}}}'),
    ],
)  # fmt: skip
def test_what_is_no_answer_changes_nothing(
    dashboard: Dashboard, made: list[Control], instead: tuple[int, bytes]
) -> None:
    dashboard.want("w", "paused", 2)
    control = control_of(dashboard, made, Strategy("w"))
    assert control.start(20)
    dashboard.instead = instead
    dashboard.next_beat()
    assert control.state("w") == State("paused")


def test_callbacks_run_in_the_bots_thread_and_may_fail(dashboard: Dashboard, made: list[Control]) -> None:
    threads: list[str] = []
    failing = [True]

    def on_state(_: str, state: State) -> None:
        threads.append(threading.current_thread().name)
        if state.desired == "stopped" and failing:
            failing.pop()
            raise RuntimeError("no line to the broker")

    control = control_of(dashboard, made, Strategy("w", on_state=on_state))
    control.start(20)
    control.apply()
    dashboard.want("w", "stopped", 5)
    assert control.changed.wait(20)
    control.apply()
    (report,) = dashboard.next_beat()["strategies"]
    assert (report["desired"], report["applied_command"]) == ("active", 1)
    assert report["failure"] == "RuntimeError: no line to the broker"
    with control.cycle():
        pass
    (report,) = dashboard.next_beat()["strategies"]
    assert (report["desired"], report["applied_command"], report["failure"], report["cycles_since"]) == (
        "stopped",
        5,
        None,
        1,
    )
    assert set(threads) == {threading.current_thread().name}


def test_an_order_against_the_state_is_told_until_a_clean_cycle(dashboard: Dashboard, made: list[Control]) -> None:
    dashboard.want("w", "opening_paused", 2)
    control = control_of(dashboard, made, Strategy("w", can_pause_opening=True))
    control.start(20)
    with control.cycle():
        assert control.order_queued("w", "KO", opening=False)
        assert not control.order_queued("w", "KO", ref="b:w:KO")
    (report,) = dashboard.next_beat()["strategies"]
    assert (report["queued_orders"], report["cycles_since"]) == (1, 0)
    assert report["failure"] == "w is opening paused, but an order for KO (b:w:KO) of it was queued all the same."
    with control.cycle():
        pass
    (report,) = dashboard.next_beat()["strategies"]
    assert (report["cycles_since"], report["failure"]) == (1, None)


def test_a_cycle_that_fails_proves_nothing(dashboard: Dashboard, made: list[Control]) -> None:
    dashboard.want("w", "paused", 2)
    control = control_of(dashboard, made, Strategy("w"))
    control.start(20)
    with pytest.raises(ValueError), control.cycle():
        raise ValueError("broken")
    beat = dashboard.next_beat()
    assert beat["strategies"][0]["cycles_since"] == 0
    assert (beat["cycle"]["outcome"], beat["cycle"]["words"]) == ("failed", "ValueError: broken")


def test_quiet_cycles_share_one_line(dashboard: Dashboard, made: list[Control]) -> None:
    control = control_of(dashboard, made, Strategy("w"))
    control.start(20)
    names = []
    for eventful in (False, False, True, False):
        with control.cycle():
            if eventful:
                control.decide("w", "skip", "no credit above minimum", symbol="KO")
        names.append(dashboard.next_beat()["cycle"]["run_id"])
    assert names[0] == names[1] == names[2] != names[3]
    assert [line["reason"] for line in dashboard.lines] == ["no credit above minimum"]
    assert dashboard.lines[0]["run_id"] == names[2]


def test_lines_that_are_refused_are_dropped_others_kept(dashboard: Dashboard, made: list[Control]) -> None:
    control = control_of(dashboard, made, Strategy("w"))
    dashboard.instead = (503, b"")
    control.start(0)
    control.decide("w", "note", "kept")
    dashboard.next_beat()
    dashboard.instead = None
    control._answered.wait(20)
    dashboard.next_beat()
    assert [line["reason"] for line in dashboard.lines] == ["kept"]


def test_a_damaged_file_is_no_knowledge(dashboard: Dashboard, made: list[Control], tmp_path: Path) -> None:
    path = tmp_path / "states.json"
    path.write_text("{")
    assert not control_of(dashboard, made, Strategy("w"), state_file=path).may_trade("w")
    control = control_of(dashboard, made, Strategy("w"), state_file=path)
    control.start(20)
    dashboard.next_beat()
    assert json.loads(path.read_text()) == dashboard.states
    assert control_of(dashboard, made, Strategy("w"), state_file=path).may_trade("w")
    assert [file.name for file in tmp_path.iterdir()] == ["states.json"]


def test_a_kill_file_stops_everything_also_without_the_dashboard(
    dashboard: Dashboard, made: list[Control], tmp_path: Path
) -> None:
    kill, told = tmp_path / "kill.json", threading.Event()
    control = control_of(dashboard, made, Strategy("w"), kill_file=kill, on_change=told.set)
    control.start(20)
    dashboard.instead = (503, b"")
    dashboard.next_beat()
    assert control.may_open("w")
    told.clear()
    kill.write_text("{}")
    assert told.wait(20)
    assert control.apply() == ["w"]
    assert control.state("w") == State("stopped")
    told.clear()
    kill.unlink()
    assert told.wait(20)
    assert control.may_open("w")


class Flag:
    def __init__(self, *symbols: str) -> None:
        self.symbols, self.status = list(symbols), "RUNNING"


def test_a_registry_that_the_bot_changes_itself(dashboard: Dashboard, made: list[Control]) -> None:
    dashboard.want("a", "paused", 2)
    registry: dict[str, Any] = {"a": Flag("KO"), "b": Flag("F")}
    control = control_of(dashboard, made)
    keeper = RegistryControl(control, registry)
    control.start(20)
    with keeper.cycle():
        assert list(registry) == ["b"]
        registry.update({"a": Flag("XLE"), "c": Flag("T")})  # the bot makes them anew
        keeper.enforce()
        assert list(registry) == ["b", "c"]
    del registry["b"]  # the bot has it no more
    with keeper.cycle():
        assert list(registry) == ["c"]
    dashboard.want("a", "active", 3)
    assert control.changed.wait(20)
    with keeper.cycle():
        assert list(registry) == ["a", "c"]
        assert registry["a"].symbols == ["XLE"]
    assert {report["name"] for report in dashboard.next_beat()["strategies"]} == {"a", "c"}
