"""How the pages are wired: every component that a callback names is on the page, every function that it names is in the assets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dash
import pytest

from callbacks import register_all
from callbacks.stylesheet import package_folder
from data.assigning import Assignments
from data.audit import Caller
from data.commands import Commands
from data.db import make_engine
from data.model import Role
from data.previews import Previews
from data.reads import Reads
from layouts import ids
from layouts.shell import page
from layouts.state import PageState
from layouts.still import still
from tests.unit.layouts import tree

ASSETS = Path(__file__).parents[3] / "dashboard" / "assets"
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ASSETS.rglob("*.js")))


@pytest.fixture(scope="module")
def app() -> dash.Dash:
    """Put together without a database: nothing is read for that."""
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    found = dash.Dash("wiring", assets_folder=str(ASSETS))
    engine = make_engine(url, Role.WEB, "test")
    register_all(
        found,
        Reads(engine, url),
        Commands(engine, url),
        Assignments(engine, url),
        Previews(engine, url),
        lambda: Caller("tester", "local"),
    )
    found._setup_server()
    return found


def test_no_callback_hides_another(app: dash.Dash) -> None:
    """Dash names a callback without an output by its inputs alone, and keeps the last of a name."""
    names = [callback["output"] for callback in app._callback_list]
    assert sorted(names) == sorted(set(names))


def test_every_id_of_a_callback_is_on_the_page(app: dash.Dash) -> None:
    known = set(tree.ids(page(PageState(), "1.0", {})))
    for callback in app._callback_list:
        named = {part["id"] for part in callback["inputs"] + callback["state"]}
        named |= {
            output.split(".")[0]
            for output in re.findall(r"[\w-]+\.[\w-]+", callback["output"] or "")
            if "@" not in output
        }
        outside = {name for name in named if name not in known and not name.startswith("__")}
        assert not outside, callback["output"]


def test_every_browser_function_is_in_the_assets(app: dash.Dash) -> None:
    for callback in app._callback_list:
        function = callback["clientside_function"]
        if function:
            assert function["namespace"] == "mtz"
            assert re.search(rf"\b{function['function_name']}: ", SCRIPTS), function


def test_every_id_that_the_assets_write_to_is_on_the_page() -> None:
    known = set(tree.ids(page(PageState(), "1.0", {})))
    written = set(re.findall(r"(?:show|set_props)\(\"([\w-]+)\"", SCRIPTS))
    assert written
    assert written <= known


def test_every_part_of_a_chart_that_the_assets_write_to_is_on_the_page() -> None:
    known = set(tree.ids(page(PageState(), "1.0", {})))
    parts = set(re.findall(r"(?:this|chart)\.(?:set|update)\(\"([\w-]+)\"", SCRIPTS))
    assert {"chart", "legend", "note", "empty", "gaps", "table"} <= parts
    for key in ids.Chart:
        missing = {part for part in parts if ids.chart(part, key) not in known}
        assert missing <= ({"benchmark-button"} if key != ids.Chart.EQUITY else set())


def test_the_server_is_asked_for_the_numbers_by_one_callback_and_by_one_for_each_question(app: dash.Dash) -> None:
    asked = [callback["output"] for callback in app._callback_list if not callback["clientside_function"]]
    assert sorted(asked) == sorted(["polled.data", *(f"{question.answer}.data" for question in ids.Question)])


def test_the_style_sheet_is_served_from_here(app: dash.Dash) -> None:
    sheets = app.config.external_stylesheets
    assert sheets
    client = app.server.test_client()
    for address in sheets:
        assert address.startswith("/")
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.mimetype == "text/css"
        answer.close()
    assert package_folder().is_dir()


def test_every_script_and_style_sheet_of_ours_comes_in_one_file_that_is_kept_for_good(app: dash.Dash) -> None:
    client = app.server.test_client()
    listed = client.get("/").get_data(as_text=True)
    assert "/assets/" not in listed
    for kind, name in (("js", "script"), ("css", "link")):
        [address] = re.findall(rf'<{name}[^>]*="(/_style/app-[^"]+\.{kind})"', listed)
        answer = client.get(address)
        assert {"public", "immutable", "max-age=31536000"} <= set(answer.headers["Cache-Control"].split(", "))
        content = answer.get_data(as_text=True)
        files = [path.read_text(encoding="utf-8") for path in ASSETS.rglob(f"*.{kind}")]
        assert len(files) > 5
        assert all(file in content for file in files)
        assert len(content) == sum(map(len, files)) + len(files) - 1


def test_every_callback_hears_a_component_that_dash_knows(app: dash.Dash) -> None:
    """What stands still is HTML: Dash hears nothing from it."""
    heard = {part["id"] for callback in app._callback_list for part in callback["inputs"] + callback["state"]}
    found = still(page(PageState(), "1.0", {}))
    assert heard <= set(tree.ids(found))


def test_plotly_js_and_the_enterprise_grid_are_not_part_of_the_page(app: dash.Dash) -> None:
    kinds = {type(part).__name__ for part in tree.components(page(PageState(), "1.0", {}))}
    assert "Graph" not in kinds
    assert "enableEnterpriseModules" not in json.dumps(page(PageState(), "1.0", {}).to_plotly_json(), default=str)


def test_the_assets_name_no_other_host() -> None:
    styles = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS.rglob("*.css"))
    assert not re.search(r"https?://(?!www\.w3\.org)", SCRIPTS + styles)
