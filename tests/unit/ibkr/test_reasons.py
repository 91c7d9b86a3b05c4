from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from data.ibkr import reasons
from data.ibkr.reasons import LinkError
from data.ibkr.session import Session, SessionOptions, choose_account
from data.model import GatewayState
from tests.unit.ibkr.test_outlet import Quiet

EVENING = datetime(2026, 11, 24, 23, 45, tzinfo=ZoneInfo("America/New_York"))


def test_a_lost_connection_is_a_restart_only_if_there_is_a_sign_of_one():
    assert reasons.lost("h:1", "", EVENING.replace(hour=15)).state is GatewayState.DISCONNECTED
    assert reasons.lost("h:1", "Connection reset by peer", None).state is GatewayState.DISCONNECTED
    assert "reset by peer" in reasons.lost("h:1", "Connection reset by peer", None).reason
    nightly = reasons.lost("h:1", "", EVENING)
    assert nightly.state is GatewayState.RESTARTING
    assert "23:45" in nightly.reason
    assert reasons.lost("h:1", "", None, "Shutting down").state is GatewayState.RESTARTING


def test_a_restart_stays_one_while_the_port_is_shut():
    heard = Quiet()
    session = Session(SessionOptions("h", 1, 30), heard)
    for error in (reasons.refused("h:1"), reasons.lost("h:1", "", EVENING), reasons.refused("h:1")):
        session._report(error)
    assert [state for state, _ in heard.states] == [GatewayState.REFUSED, GatewayState.RESTARTING]
    session._report(reasons.waiting_for_login("h:1"))  # back, and wants its log-in: that is news
    assert heard.state is GatewayState.WAITING_FOR_LOGIN


def test_attempts_are_never_further_apart_than_the_cap():
    session = Session(SessionOptions("h", 1, 30, backoff_cap_s=5.0), Quiet())
    waits = [session._delay(GatewayState.REFUSED, failures) for failures in range(1, 2000)]
    assert max(waits) <= 5.0
    assert waits[0] < 1.5
    assert len(set(waits[10:])) > 1000  # two clients do not come back in step
    assert max(session._delay(GatewayState.WAITING_FOR_LOGIN, 50) for _ in range(50)) <= 1.5


def test_the_account():
    assert choose_account(None, ["DU1"]) == "DU1"
    assert choose_account("DU2", ["DU1", "DU2"]) == "DU2"
    for named, known in ((None, ["DU1", "DU2"]), ("DU3", ["DU1"]), (None, [])):
        with pytest.raises(LinkError) as caught:
            choose_account(named, known)
        assert caught.value.state is GatewayState.UNKNOWN_ACCOUNT
