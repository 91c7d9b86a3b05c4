"""What the broker's ticker says of dividends, over the real socket: one line at a time, stored, and used by the flag."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from data.db import make_engine
from data.model import Role
from data.reads import Reads
from data.simulator.instruments import BY_SYMBOL, dividends
from tests.poller.conftest import ACCOUNT, StartPoller, Watched
from tests.poller.process import eventually
from tests.poller.recorder import running
from tests.support.gateway import GatewayHandle, start_gateway

QUIET = {"trader": False, "master_client_id": 30}


def underlyings(gateway: GatewayHandle) -> set[str]:
    return {p["symbol"] for p in gateway.admin("state")["positions"] if p["sec_type"] == "OPT"}


def test_every_underlying_is_asked_about_within_the_budget(tmp_path: Path) -> None:
    async def run(gateway: GatewayHandle) -> None:
        wanted = underlyings(gateway)
        async with running(gateway.host, gateway.port, line_budget=2) as heard:
            await heard.until(lambda: heard.dividends.keys() == wanted, "an answer for each underlying")
            await heard.until(lambda: heard.info.get("market_data_lines") == 2, "the options' lines again")
            payers = {symbol for symbol in wanted if BY_SYMBOL[symbol].months}
            assert payers
            for symbol, found in heard.dividends.items():
                if symbol in payers:
                    assert found.next_amount == float(BY_SYMBOL[symbol].dividend)
                    assert found.next_date in {day for day, _ in dividends(symbol, date(2026, 1, 1), date(2040, 1, 1))}
                    assert found.next_12_months is not None
                else:
                    assert (found.next_date, found.next_amount) == (None, None)
        lines: list[int] = [facts["market_data_lines"] for facts in heard.infos if "market_data_lines" in facts]
        assert max(lines) <= 2

    with start_gateway(tmp_path, **QUIET) as gateway:
        asyncio.run(run(gateway))


def test_a_refused_line_is_no_error_and_the_bot_keeps_its_own(tmp_path: Path) -> None:
    async def run(gateway: GatewayHandle) -> None:
        async with running(gateway.host, gateway.port, line_budget=40) as heard:
            await heard.connected()
            await heard.until(lambda: heard.dividends, "an answer")
            assert not [
                text for text in (facts.get("error", "") for facts in heard.infos) if "market data" in text.lower()
            ]

    with start_gateway(tmp_path, **QUIET, line_limit=5) as gateway:  # fewer than the options held
        asyncio.run(run(gateway))


def test_stored_and_used(gateway: GatewayHandle, start_poller: StartPoller, db: Watched) -> None:
    with start_poller(db.url):
        db.wait_live()
        wanted = underlyings(gateway)
        count = "SELECT count(*) FROM dividend_outlooks"
        eventually(lambda: db.one(count) == len(wanted), "an outlook for each underlying")
        engine = make_engine(db.url, Role.WEB, "test")
        try:
            reads = Reads(engine, db.url)
            symbol = next(s for s in sorted(wanted) if BY_SYMBOL[s].months)
            known: Any = reads.risk.next_dividend(symbol, "USD")
            assert known["amount"] == float(BY_SYMBOL[symbol].dividend)
            assert reads.risk.next_dividend("QQQQ", "USD") is None

            def flagged() -> bool:
                rows = reads.position_rows(ACCOUNT).items.values()
                calls = [p for p in rows if p["right"] == "C" and p["quantity"] < 0 and p["moneyness"] == "itm"]
                return all(p["early_assignment"] != "unknown" for p in calls if BY_SYMBOL[p["symbol"]].months)

            eventually(flagged, "a flag for each short call whose underlying pays")
        finally:
            engine.dispose()
