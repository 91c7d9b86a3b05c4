"""The control folder: states that never go back, a lock that dies with its process, a switch that counts when in doubt."""

from __future__ import annotations

import subprocess
import sys
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


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("a file")
    with pytest.raises(ControlFolderError, match="can't be used"):
        ControlFolder(tmp_path / "control").kill("me", None)
