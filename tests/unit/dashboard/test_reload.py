"""`mtz run --reload` notices edits of the web process's sources, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from dashboard.stack import Reloader


def test_an_edit_a_new_file_and_a_removed_one_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "docs").mkdir()
    page = tmp_path / "layouts" / "page.py"
    page.write_text("a = 1\n")
    changes: list[int] = []
    reloader = Reloader(lambda: changes.append(1), tmp_path)
    reloader.look()
    assert not changes
    os.utime(page, ns=(1, 1))
    reloader.look()
    (tmp_path / "layouts" / "new.css").write_text("")
    reloader.look()
    page.unlink()
    reloader.look()
    assert len(changes) == 3
    (tmp_path / "docs" / "notes.py").write_text("")
    (tmp_path / "layouts" / "cache.pyc").write_text("")
    reloader.look()
    assert len(changes) == 3
