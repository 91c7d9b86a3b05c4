"""Set-up scripts: what they refuse, and that the locks are guarded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the set-up reads, in a folder of its own."""
    for name in ("scripts", "requirements"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=dict(os.environ) | env, capture_output=True, text=True, timeout=60, check=False
    )


def check_locks(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-I", str(folder / "scripts" / "check_locks.py"), cwd=folder)


def test_no_fitting_python_is_one_sentence(copy: Path) -> None:
    old = copy / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run("sh", "scripts/install.sh", "run", cwd=copy, PYTHON=str(old))
    assert done.returncode == 1
    assert done.stderr.startswith("mtz: Python 3.11, 3.12 or 3.13 is needed")
    assert len(done.stderr.splitlines()) == 1
    assert not (copy / ".venv").exists()


def test_no_node_is_one_sentence(copy: Path, tmp_path: Path) -> None:
    """The TimescaleDB tests fail by it, they are not skipped."""
    shutil.copytree(PROJECT / "tests" / "timescale" / "wasm", copy / "tests" / "timescale" / "wasm")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cksum"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = run("sh", "scripts/node.sh", cwd=copy, PATH=str(tools))
    assert done.returncode == 1
    assert done.stderr.startswith("mtz: the TimescaleDB tests need Node 18 or newer")
    assert len(done.stderr.splitlines()) == 1


def test_the_node_package_is_held_by_version_and_hash() -> None:
    folder = PROJECT / "tests" / "timescale" / "wasm"
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert packages.pop("")["dependencies"] == wanted
    for name, package in packages.items():
        assert package["version"] == wanted[name.removeprefix("node_modules/")]
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package, "the lock names a registry"


def test_the_locks_fit(copy: Path) -> None:
    done = check_locks(copy)
    assert done.returncode == 0, done.stderr


def test_a_new_dependency_without_new_locks_is_noticed(copy: Path) -> None:
    pyproject = copy / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"typer>=', '"another-package",\n    "typer>='))
    done = check_locks(copy)
    assert done.returncode == 1
    assert "make lock" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [("evil==1.0\n", "evil==1.0 has no hash"), ("--index-url https://packages.example/simple\n", "names a registry")],
)
def test_a_lock_without_hash_or_with_a_registry_is_noticed(copy: Path, line: str, words: str) -> None:
    with (copy / "requirements" / "run.lock").open("a") as file:
        file.write(line)
    done = check_locks(copy)
    assert done.returncode == 1
    assert words in done.stderr


def test_both_locks_hold_the_same_versions() -> None:
    def pins(name: str) -> set[str]:
        text = (PROJECT / "requirements" / name).read_text(encoding="utf-8")
        return {line.split(" ;")[0].split(" \\")[0] for line in text.splitlines() if line[:1].isalnum()}

    assert pins("run.lock") <= pins("dev.lock")


def test_mtz_starts_by_its_own_name() -> None:
    command = Path(sys.executable).with_name("mtz")
    assert command.exists(), "scripts/link_project.py makes it"
    done = run(str(command), "--version", cwd=Path("/"))
    assert done.stdout.startswith("mtz ")


def test_a_long_path_to_python_still_starts(tmp_path: Path) -> None:
    deep = tmp_path / ("a folder with spaces " * 8).strip()
    deep.mkdir()
    (deep / "python").symlink_to(sys.executable)
    code = (
        f"import runpy; text = runpy.run_path({str(PROJECT / 'scripts' / 'link_project.py')!r})['launcher']({str(deep / 'python')!r});"
        "print(text, end='')"
    )
    launcher = tmp_path / "mtz"
    launcher.write_text(run(sys.executable, "-c", code, cwd=tmp_path).stdout.replace("dashboard.cli", "hello"))
    (tmp_path / "hello.py").write_text("def main():\n    print('started')\n")
    launcher.chmod(0o755)
    done = run(str(launcher), cwd=tmp_path)
    assert done.stdout == "started\n", done.stderr
