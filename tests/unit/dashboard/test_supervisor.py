"""The supervisor with small real processes: order, restart, giving up, and what happens when it is itself killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dashboard.exits import CannotRunError, Exit
from dashboard.supervisor import Console, LogFile, ProcessPart, Supervisor

PROJECT = Path(__file__).resolve().parents[3]
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


class Tree:
    """Parts over one folder; `run` in a thread, stopped at the end of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = Console(folder)
        self.stopping = threading.Event()
        self.announced = threading.Event()

    def part(self, name: str, code: str, **options: object) -> ProcessPart:
        options.setdefault("ready", lambda part: "yes")
        return ProcessPart(
            name, [sys.executable, "-I", "-c", code], env=dict(os.environ), folder=self.folder, console=self.console,
            **options,  # type: ignore[arg-type]
        )  # fmt: skip

    def start(self, *parts: ProcessPart) -> tuple[Supervisor, threading.Thread]:
        supervisor = Supervisor(parts, self.console, self.stopping, on_all_ready=self.announced.set)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        return supervisor, thread

    def log(self) -> str:
        return (self.folder / "run.log").read_text()


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path)
    yield tree
    tree.console.close()


def wait_for(what: Callable[[], bool]) -> None:
    """Poll: there is no event for another process's state."""
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_part_comes_back_and_the_rest_stays(tree: Tree) -> None:
    first, second = tree.part("first", SLEEPER), tree.part("second", SLEEPER)
    _, thread = tree.start(first, second)
    try:
        assert tree.announced.wait(20)
        killed, kept = first.pid(), second.pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: first.ready and first.pid() not in (None, killed))
        assert second.pid() == kept
        assert "was killed by signal 9" in tree.log()
    finally:
        tree.stopping.set()
        thread.join(20)
    assert kept is not None
    assert not psutil.pid_exists(kept)


def test_parts_are_stopped_in_reverse_order(tree: Tree) -> None:
    code = textwrap.dedent(
        """
        import pathlib, signal, sys, time
        def end(*_):
            with pathlib.Path("order").open("a") as file: file.write(sys.argv[1] + " ")
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        pathlib.Path(sys.argv[1]).touch()
        while True: time.sleep(600)
        """
    )
    parts = []
    for name in ("a", "b", "c"):
        ready = (lambda file: lambda part: "yes" if file.exists() else None)(tree.folder / name)
        parts.append(tree.part(name, code.replace("sys.argv[1]", repr(name)), ready=ready))
    _, thread = tree.start(*parts)
    assert tree.announced.wait(20)
    tree.stopping.set()
    thread.join(20)
    assert (tree.folder / "order").read_text().split() == ["c", "b", "a"]


def test_a_deaf_part_and_its_children_are_killed(tree: Tree) -> None:
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open('child', 'w').write(str(child.pid)); time.sleep(600)"
    )
    ready = lambda part: "yes" if (tree.folder / "child").exists() and (tree.folder / "child").read_text() else None  # noqa: E731
    part = tree.part("deaf", code, ready=ready, patience_s=0.2)
    _, thread = tree.start(part)
    assert tree.announced.wait(20)
    child = int((tree.folder / "child").read_text())
    tree.stopping.set()
    thread.join(20)
    wait_for(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_a_part_that_never_starts_ends_everything_with_its_own_words(tree: Tree) -> None:
    good = tree.part("good", SLEEPER)
    bad = tree.part("bad", "import sys; sys.exit('mtz: The moon is full: wait.')", ready=lambda part: None)
    supervisor = Supervisor([good, bad], tree.console, tree.stopping, on_all_ready=tree.announced.set)
    with pytest.raises(CannotRunError, match=r"^The moon is full: wait\.$"):
        supervisor.run()
    assert good.pid() is None


def test_a_telling_exit_code_is_believed_at_once(tree: Tree) -> None:
    code = "import sys; print('mtz: Wrong password.', file=sys.stderr); sys.exit(3)"
    part = tree.part("schema", code, once=True)
    with pytest.raises(CannotRunError, match="Wrong password") as caught:
        Supervisor([part], tree.console, tree.stopping, on_all_ready=tree.announced.set).run()
    assert caught.value.code is Exit.DATABASE
    assert part.attempts == 1


def test_what_needs_a_step_waits_for_its_end(tree: Tree) -> None:
    step = tree.part("step", "import time; time.sleep(0.3); open('done', 'w'); print('42 applied')", once=True)
    after = tree.part("after", "import os, time; os.stat('done'); time.sleep(600)", needs=[step])
    _, thread = tree.start(step, after)
    assert tree.announced.wait(20)
    tree.stopping.set()
    thread.join(20)
    assert after.attempts == 1
    assert "ready  42 applied" in tree.log()


def test_warnings_reach_the_terminal_and_everything_the_file(tree: Tree, capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import time; print('t INFO mtz calm'); print('t0 WARNING mtz storm'); print('t1 WARNING mtz storm');"
        "print('t2 WARNING mtz end', flush=True); time.sleep(600)"
    )
    part = tree.part(
        "web",
        code,
        ready=lambda part: "yes" if part.log_path.exists() and "mtz end" in part.log_path.read_text() else None,
    )
    _, thread = tree.start(part)
    assert tree.announced.wait(20)
    tree.stopping.set()
    thread.join(20)
    shown = capfd.readouterr().out
    assert shown.count("WARNING mtz storm") == 1, "said again within the minute"
    assert part.log_path.read_text().count("storm") == 2
    assert "calm" not in shown
    assert "calm" in part.log_path.read_text()


def test_no_orphan_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "tree.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, pathlib, sys, threading
            sys.path.insert(0, {str(PROJECT)!r})
            from dashboard.supervisor import Console, LogFile, ProcessPart, Supervisor
            folder = pathlib.Path({str(tmp_path)!r})
            console = Console(folder)
            parts = [ProcessPart(name, [sys.executable, "-c", {SLEEPER!r}], env=dict(os.environ), folder=folder,
                     console=console, ready=lambda part: "yes") for name in ("one", "two")]
            def announce():
                print(*(part.pid() for part in parts), flush=True)
            Supervisor(parts, console, threading.Event(), on_all_ready=announce).run()
            """
        )
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if not line.startswith(("one", "two")))
        parts = [psutil.Process(int(pid)) for pid in line.split()]
        guard = next(
            child for child in psutil.Process(process.pid).children() if "guard.py" in " ".join(child.cmdline())
        )
        process.kill()
    gone, alive = psutil.wait_procs([*parts, guard], timeout=20)
    assert not alive
    assert len(gone) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_costs_log_lines_only(tmp_path: Path) -> None:
    (tmp_path / "part.log").symlink_to("/dev/full")
    file = LogFile(tmp_path / "part.log")
    file.write("a line")
    file.close()
    (tmp_path / "part.log").unlink()
    file.write("room again")
    file.close()
    assert (tmp_path / "part.log").read_text() == "room again\n"
