"""The control folder: states that never go back, a lock that dies with its process, a switch that counts when in doubt."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data.strategies.desired import BotStates, Desired, StrategyState
from data.strategies.folder import BusyError, ControlFolder, ControlFolderError


@pytest.fixture
def folder(tmp_path: Path) -> ControlFolder:
    return ControlFolder(tmp_path / "control")


def test_nothing_is_known_of_a_new_bot(folder: ControlFolder) -> None:
    assert folder.read_states("tg") is None
    assert folder.killed() is None
    assert folder.lock_holder("tg") is None
    assert folder.audit_head("mtz") is None


def test_an_older_state_never_replaces_a_newer_one(folder: ControlFolder) -> None:
    newer = BotStates("tg", 7, strategies={"wheel": StrategyState(Desired.STOPPED, 7)})
    folder.write_states(newer)
    folder.write_states(BotStates("tg", 6))
    assert folder.read_states("tg") == newer


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"bot": "tg"}', '{"bot":"tg","command":1,"is_killed":false,"strategies":{"w":3}}']
)
def test_a_damaged_file_is_said(folder: ControlFolder, text: str) -> None:
    folder.write_states(BotStates("tg", 1))
    (folder.path / "states" / "tg.json").write_text(text)
    with pytest.raises(ControlFolderError, match=r"tg\.json"):
        folder.read_states("tg")
    folder.write_states(BotStates("tg", 2))
    assert folder.read_states("tg") == BotStates("tg", 2)


def test_the_switch(folder: ControlFolder) -> None:
    folder.kill("me", "flash crash")
    killed = folder.killed()
    assert killed is not None
    assert (killed["actor"], killed["reason"]) == ("me", "flash crash")
    (folder.path / "kill.json").write_text("{")
    assert folder.killed() is not None  # what can't be read counts as thrown
    folder.release()
    assert folder.killed() is None
    folder.release()


def test_one_holds_the_lock(folder: ControlFolder) -> None:
    with folder.lock("tg", {"pid": 7}):
        assert folder.lock_holder("tg") == {"pid": 7}
        with pytest.raises(BusyError) as busy, folder.lock("tg", {}):
            pass
        assert busy.value.holder == {"pid": 7}
        with folder.lock("other", {}):
            pass
    assert folder.lock_holder("tg") is None


def test_the_lock_dies_with_its_process(folder: ControlFolder) -> None:
    program = (
        "import sys; from pathlib import Path; from data.strategies.folder import ControlFolder\n"
        "with ControlFolder(Path(sys.argv[1])).lock('tg', {'pid': 1}): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert folder.lock_holder("tg") == {"pid": 1}
        process.kill()
        process.wait()
    assert folder.lock_holder("tg") is None


def test_a_slow_writer_of_older_states_never_undoes_newer_ones(
    folder: ControlFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start keeps what it read while the agent keeps what it has just acknowledged."""
    slow, has_read, newer = ControlFolder(folder.path), threading.Event(), BotStates("tg", 7, is_killed=True)
    read = slow.read_states

    def dawdle(bot: str) -> BotStates | None:
        found = read(bot)
        has_read.set()
        agent.join(0.5)  # as long as the agent needs, were nothing in its way
        return found

    monkeypatch.setattr(slow, "read_states", dawdle)
    agent = threading.Thread(target=lambda: has_read.wait(10) and folder.write_states(newer))
    agent.start()
    slow.write_states(BotStates("tg", 6))
    agent.join()
    assert folder.read_states("tg") == newer


def test_who_writes_for_ever_is_not_waited_for(folder: ControlFolder) -> None:
    folder.write_states(BotStates("tg", 6))
    with (folder.path / "states" / "tg.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ControlFolderError, match="another program"):
            folder.write_states(BotStates("tg", 7))
    folder.write_states(BotStates("tg", 7))


def test_nobody_else_may_look_in(folder: ControlFolder) -> None:
    folder.write_states(BotStates("tg", 1))
    with folder.lock("tg", {}):
        folder.kill("me", None)
    modes = {path.relative_to(folder.path): path.stat().st_mode & 0o777 for path in folder.path.rglob("*")}
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert {mode for path, mode in modes.items() if (folder.path / path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if (folder.path / path).is_file()} == {0o600}


def test_a_full_disk_leaves_nothing_behind(folder: ControlFolder) -> None:
    """A limit on a file's size fails a write as a full disk does."""
    program = (
        "import resource, signal, sys; from pathlib import Path; from data.strategies.folder import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "folder = ControlFolder(Path(sys.argv[1]))\n"
        "try: folder.kill('me', 'x' * 100)\n"
        "except ControlFolderError as error: print(error)\n"
        "try: folder.lock('tg', {'x': 'x' * 100}).__enter__()\n"
        "except ControlFolderError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder.path)], capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert "can't be used (File too large)" in done.stdout, done.stderr
    assert "lock can't be written (File too large)" in done.stdout, done.stderr
    assert [path.name for path in folder.path.rglob("*")] == ["locks", "tg.lock"]


def test_who_only_looks_takes_nothing(folder: ControlFolder) -> None:
    assert folder.lock_holder("tg") is None
    assert not folder.path.exists()
    with folder.lock("tg", {"pid": 7}):
        pass
    with (folder.path / "locks" / "tg.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # somebody else who looks
        assert folder.lock_holder("tg") is None


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("a file")
    with pytest.raises(ControlFolderError, match="can't be used"):
        ControlFolder(tmp_path / "control").kill("me", None)
