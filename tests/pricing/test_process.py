"""The pricing process: started when it is needed, again when it has ended, ended when it is silent or its parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from dashboard.pricing import Pricer
from data.payoffs import CannotPriceError, PricingAwayError
from data.pricing import wire
from tests.web.server import ROOT, wait_until

PUT: wire.AskedLeg = {
    "quantity": "-1", "multiplier": "100", "cost": "-150", "mark": 1.5, "forward": None,
    "option": {"right": "P", "strike": 95.0, "expiry": "2026-02-20", "is_american": True},
}  # fmt: skip
ASKED: wire.Request = {
    "legs": [PUT], "day": "2026-01-05", "spot": 100.0, "rate": 0.04, "dividends": [["2026-01-20", 0.5]],
    "days": ["2026-01-05", "2026-02-20"], "spots": [90.0, 100.0],
}  # type: ignore[typeddict-item]  # fmt: skip


@pytest.fixture
def pricer() -> Iterator[Pricer]:
    found = Pricer()
    yield found
    found.close()


def child(pid: int | None = None) -> psutil.Process:
    (found,) = [p for p in psutil.Process(pid).children() if "data.pricing" in p.cmdline()]
    return found


def test_it_answers_as_the_model_does_and_is_started_again(pricer: Pricer):
    first = pricer(ASKED)
    (implied,) = first["implied"]
    assert implied is not None
    assert implied["volatility"] == pytest.approx(0.25, abs=0.1)
    assert first["profits"][0][1] == pytest.approx(0.0, abs=0.005)  # sold at its mark
    assert first["profits"][1] == pytest.approx([-350.0, 150.0])
    before = child()
    before.send_signal(signal.SIGKILL)
    assert pricer(ASKED) is first  # known already
    other = pricer({**ASKED, "spots": [95.0, 100.0]})
    assert other["profits"][0][1] == first["profits"][0][1]
    assert child().pid != before.pid


def test_many_ask_at_once_and_each_gets_its_own_answer(pricer: Pricer):
    asked = [{**ASKED, "spots": [50.0 + n, 100.0]} for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(pricer, asked))
    assert [a["profits"][1][0] for a in answers] == [150.0 - 100 * (95.0 - 50.0 - n) for n in range(12)]


def test_what_is_refused_leaves_the_process_alone(pricer: Pricer):
    pricer(ASKED)
    before = child().pid
    with pytest.raises(CannotPriceError, match="ask for fewer"):
        pricer({**ASKED, "days": ["2026-01-05"] * 13})
    with pytest.raises(CannotPriceError, match="no value"):
        pricer({**ASKED, "days": ["2027-01-05"]})
    assert pricer({**ASKED, "spots": [80.0, 100.0]})["profits"]
    assert child().pid == before


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(600)", "raise SystemExit(3)", "print('{', flush=True); input(); input()"]
)
def test_one_that_is_silent_ends_or_babbles_is_ended_and_said(code: str):
    pricer = Pricer((sys.executable, "-c", code), patience_s=1.0)
    with pytest.raises(PricingAwayError, match="pricing process"):
        pricer(ASKED)
    assert not [p for p in psutil.Process().children() if code in p.cmdline()]
    pricer.close()


def test_one_that_cannot_be_started_is_said():
    with pytest.raises(PricingAwayError):
        Pricer(("/nowhere",))(ASKED)


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path):
    code = (
        "import json, sys, time\nfrom dashboard.pricing import Pricer\n"
        "Pricer()(json.loads(sys.argv[1]))\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, wire.encode(ASKED).decode()], stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        orphan = child(parent.pid)
    finally:
        parent.kill()
        parent.communicate()
    wait_until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE, "the pricing process ends")


def test_a_caller_that_waits_for_its_turn_gives_up():
    pricer = Pricer((sys.executable, "-c", "import time; time.sleep(600)"), patience_s=2.0)
    found: list[Exception] = []

    def ask() -> None:
        try:
            pricer(ASKED)
        except PricingAwayError as error:
            found.append(error)

    callers = [threading.Thread(target=ask) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert len(found) == 3
    pricer.close()
