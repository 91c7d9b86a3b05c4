"""What the Dockerfile does, done here without an engine: its COPY and RUN steps in an empty folder."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Image:
    """A folder that holds what the image would: `venv` is /opt/mtz, `app` is /app."""

    venv: Path
    app: Path

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": f"{self.venv / 'bin'}:/usr/bin:/bin", "HOME": "/nonexistent", "MTZ_IN_CONTAINER": "1", **env}
        return subprocess.run(command, env=clean, cwd="/", capture_output=True, text=True, timeout=60, check=False)


def instructions(stage: str) -> list[tuple[str, str]]:
    """(instruction, argument) of one build stage, continuation lines joined."""
    text = re.sub(r"\\\n\s*", "", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))
    found: list[tuple[str, str]] = []
    current = ""
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            current = rest.partition(" AS ")[2] or "final"
        elif word.isupper() and current == stage:
            found.append((word, rest))
    return found


def kept(path: Path) -> bool:
    """Whether .dockerignore lets `path` (relative) into the build: later lines win, `!` lets in."""
    included = True
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        names = [str(path), *(str(parent) for parent in path.parents if str(parent) != ".")]
        if any(
            fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, pattern.removeprefix("**/")) for name in names
        ) or (pattern.startswith("**/") and pattern[3:] in path.parts):
            included = line.startswith("!")
    return included


def copy_in(sources: list[str], target: Path) -> None:
    for source in sources:
        origin = PROJECT / source
        files = [origin] if origin.is_file() else [file for file in origin.rglob("*") if file.is_file()]
        for file in files:
            if not kept(file.relative_to(PROJECT)):
                continue
            place = target if origin.is_file() else target / file.relative_to(origin)
            place = place / file.name if place.is_dir() else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    root = tmp_path_factory.mktemp("image")
    image = Image(root / "opt" / "mtz", root / "app")
    image.app.mkdir()
    image.venv.parent.mkdir()
    for word, argument in instructions("build"):
        if word == "COPY":
            *sources, target = argument.split()
            copy_in(sources, image.app / target)
        elif word == "RUN":
            command = argument.replace("/opt/mtz", str(image.venv)).replace(
                "python -m venv", f"{sys.executable} -m venv"
            )
            done = subprocess.run(
                ["sh", "-ec", command], cwd=image.app, capture_output=True, text=True, timeout=600, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return image


@pytest.mark.timeout(600)
def test_every_command_is_in_the_image(image: Image) -> None:
    for command in ("run", "web", "poll", "housekeeping", "agent", "gateway", "migrate", "connect", "doctor"):
        done = image.run("mtz", command, "--help")
        assert done.returncode == 0, done.stderr
    assert image.run("mtz", "--version").stdout.startswith("mtz ")


@pytest.mark.timeout(600)
def test_the_image_s_migrate_sets_up_a_database(image: Image, server18: object) -> None:
    url = server18.empty_database()  # type: ignore[attr-defined]
    done = image.run("mtz", "migrate", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert "the schema is up to date" in done.stdout


@pytest.mark.timeout(600)
def test_only_the_program_is_in_the_image(image: Image) -> None:
    top = {path.name for path in image.app.iterdir()}
    assert top == {
        "LICENSE", "NOTICE", "callbacks", "dashboard", "data", "layouts", "pyproject.toml", "requirements", "scripts", "sql",
    }  # fmt: skip
    assert [path.name for path in (image.app / "requirements").iterdir()] == ["run.lock"]


def test_the_final_stage_runs_unprivileged() -> None:
    final = instructions("final")
    users = [argument for word, argument in final if word == "USER"]
    assert users
    assert not users[-1].startswith(("root", "0"))
    assert any(word == "HEALTHCHECK" for word, _ in final)
