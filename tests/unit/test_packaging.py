"""The application packages are ours, whatever else is installed under such common names."""

from __future__ import annotations

import importlib
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("callbacks", "dashboard", "data", "layouts", "sql")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_resolves_inside_the_project(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == PROJECT / name


def test_the_wheel_holds_every_package() -> None:
    assert sorted(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(PACKAGES)
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]


def test_every_folder_with_code_is_a_package() -> None:
    for name in PACKAGES:
        for file in (PROJECT / name).rglob("*.py"):
            assert (file.parent / "__init__.py").exists(), f"{file.parent} has no __init__.py"


def test_the_installed_version_is_the_project_s() -> None:
    assert version("moneytrailz-dashboard") == PYPROJECT["project"]["version"]


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
