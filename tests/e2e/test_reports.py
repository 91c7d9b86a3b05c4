"""Reports in a browser: statements with what they agree on, breaks that unfold, files uploaded by keyboard and by drop."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.api import reconciliation_schemas as schemas
from data.db import connect
from data.model import Role
from tests.book.lives import Life
from tests.e2e.conftest import Open
from tests.support.statement import Writer as Statement
from tests.support.statement import write as write_file
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

FIRST, LAST = date(2026, 1, 5), date(2026, 1, 30)
SHOTS = os.environ.get("MTZ_SHOTS")


@pytest.fixture(scope="module")
def statement(url: str, write: Writer) -> Iterator[None]:
    assert write
    report = schemas.REPORT | {"lacking": ["Change in NAV: the time-weighted return is not compared."]}
    with connect(url, Role.IMPORTER, "test", autocommit=True) as conn:
        conn.execute(
            "WITH s AS (INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name,"
            " sections, result) VALUES (%(a)s, 'USD', '2026-01-01', '2026-01-31', now(), 'x', 'january.xml', '{}', '{}') RETURNING id)"
            " INSERT INTO reconciliations (statement, account, open_breaks, report) SELECT id, %(a)s, 1, %(r)s FROM s",
            {"a": ACCOUNT, "r": json.dumps(report)},
        )
        yield


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_reports(web: Web, statement: None, open_page: Open, tmp_path: Path) -> None:
    page = open_page(f"{web.origin}/reports")
    page.wait_for_selector("#breaks article")
    assert page.locator("#breaks-note").inner_text() == "1 open"
    found = page.locator("#breaks article")
    assert "commission of trade 812" in found.inner_text()
    follows = found.locator("details")
    assert not follows.locator(".follows").is_visible()
    follows.locator("summary").focus()
    page.keyboard.press("Enter")
    assert "−0.05 USD" in follows.locator(".follows").inner_text()
    page.locator(".statement summary").first.click()
    assert "42 trades, 21 days: 41 of 42 checks match to 0.00, 1 break" in page.locator(".statement").inner_text()
    assert "time-weighted return is not compared" in page.locator(".statement").inner_text()
    assert not page.locator("#statements-empty").is_visible()
    assert ACCOUNT in (page.locator("a.export").first.get_attribute("href") or "")
    page.wait_for_selector("#bridge > *")
    page.locator("#nav-overview").click()
    page.locator("#card-why-total_pnl").click()
    page.get_by_role("link", name="Why is this not TWS's number?").click()
    page.wait_for_selector("#bridge > *")
    shot(page, "reports-dark")
    # A file that is no statement: the importer's process says so, the page follows it and nothing is kept.
    wrong = tmp_path / "holiday.xml"
    wrong.write_text("<html>no statement</html>")
    page.locator("#upload-input").set_input_files([str(wrong)])
    page.wait_for_selector(".upload-item.failed")
    expect(page.locator(".upload-item")).to_contain_text("holiday.xml was not imported: it is no Flex statement")
    # Leaving the page and coming back loses nothing.
    page.locator("#nav-overview").click()
    page.locator("#nav-reports").click()
    page.wait_for_selector(".upload-item.failed")
    # One that is a statement: what it brought is said, and the reports are drawn anew.
    life = Life()
    life.flow("deposit", Decimal(5000), "USD")
    good = write_file(
        tmp_path / "january.xml", Statement(ACCOUNT, life.fills, life.changes, life.flows).statement(FIRST, LAST)
    )
    page.locator("#upload-input").set_input_files([str(good)])
    brought = page.locator(".upload-item.done")
    expect(brought).to_contain_text(
        "2026-01-05 to 2026-01-30: 0 trades, 0 of them new; 1 cash transaction; net asset values of"
    )
    expect(page.locator(".statement-days", has_text="2026-01-05 to 2026-01-30")).to_be_visible()
    for size in ((390, 844), (360, 780)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), size
    shot(page, "reports-narrow")
