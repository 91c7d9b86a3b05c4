"""Demo, paper and live each have a database; which gateway was which is remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings, load_settings
from dashboard.sources import MEMORY_NAME, Answer, choose_source, database_name
from data.model import Source


def settings(folder: Path, **options: object) -> Settings:
    return load_settings(folder / "no.env", data_dir=folder, **options)


def away(_: Settings) -> Answer:
    return Answer(None, "Nothing listens on 10.0.0.1:4001.")


def nobody_is_asked(_: Settings) -> Answer:
    raise AssertionError("the demo needs no gateway's word")


def test_without_a_gateway_it_is_the_demo(tmp_path: Path) -> None:
    assert choose_source(settings(tmp_path), nobody_is_asked) is Source.DEMO
    assert choose_source(settings(tmp_path, ibkr_host="gateway", source="demo"), nobody_is_asked) is Source.DEMO


def test_a_gateway_is_remembered_for_when_it_is_away(tmp_path: Path) -> None:
    live = settings(tmp_path, ibkr_host="10.0.0.1", ibkr_port=4001)
    paper = settings(tmp_path, ibkr_host="10.0.0.1", ibkr_port=4002)
    assert choose_source(live, lambda _: Answer(Source.LIVE)) is Source.LIVE
    assert choose_source(paper, lambda _: Answer(Source.PAPER)) is Source.PAPER
    assert choose_source(live, away) is Source.LIVE
    assert choose_source(paper, away) is Source.PAPER
    assert (tmp_path / MEMORY_NAME).stat().st_mode & 0o077 == 0


def test_what_a_gateway_says_now_beats_what_is_remembered(tmp_path: Path) -> None:
    there = settings(tmp_path, ibkr_host="10.0.0.1", ibkr_port=4001)
    choose_source(there, lambda _: Answer(Source.PAPER))
    assert choose_source(there, lambda _: Answer(Source.LIVE)) is Source.LIVE
    assert choose_source(there, away) is Source.LIVE


@pytest.mark.parametrize("memory", [None, "", "{", "[]", '{"10.0.0.1:4001": "real"}', '{"10.0.0.1:4002": "live"}'])
def test_an_unknown_gateway_that_is_away_is_refused(tmp_path: Path, memory: str | None) -> None:
    if memory is not None:
        (tmp_path / MEMORY_NAME).write_text(memory)
    with pytest.raises(CannotRunError, match=r"Nothing listens.*mtz connect") as caught:
        choose_source(settings(tmp_path, ibkr_host="10.0.0.1", ibkr_port=4001), away)
    assert caught.value.code is Exit.GATEWAY


def test_a_damaged_memory_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / MEMORY_NAME).write_text("{")
    choose_source(settings(tmp_path, ibkr_host="h", ibkr_port=4001), lambda _: Answer(Source.LIVE))
    assert json.loads((tmp_path / MEMORY_NAME).read_text()) == {"h:4001": "live"}


def test_each_source_has_a_database_of_its_own() -> None:
    assert len({database_name(source) for source in Source}) == len(Source)
