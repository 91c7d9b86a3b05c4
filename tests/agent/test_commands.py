"""From requested to enforced without a broker: claims, the control folder, runs in flight, who wins."""

from __future__ import annotations

import contextlib
import threading

import pytest

from data import audit
from data.commands import OverruledError
from data.db import connect
from data.model import Role
from data.strategies.agent.asking import ask
from data.strategies.desired import EVERY, Action, Desired, Scope
from data.strategies.folder import ControlFolder
from tests.agent.world import World
from tests.poller.process import eventually


@pytest.fixture(autouse=True)
def _bots(world: World) -> None:
    world.bot("tg", "wheel", "hedge", symbols=["AAPL", "MSFT"])


def test_a_pause_is_where_every_start_reads_it_and_then_enforced(world: World) -> None:
    world.agent()
    pause = world.give(Action.PAUSE, "tg/wheel")
    done = world.wait(pause, "enforced")
    assert world.in_force() == {"tg/wheel": "paused"}
    states = world.folder.read_states("tg")
    assert states is not None
    assert states.of("wheel").desired is Desired.PAUSED
    assert states.of("hedge").desired is Desired.ACTIVE
    assert states.command == pause.command["number"]
    assert "Nothing is cancelled" in done["detail"]
    assert "start-up pass may still cancel" in done["detail"]
    wanted = ["command.requested", "command.claimed", "command.acknowledged", "command.enforced"]
    assert world.events(pause) == wanted


def test_one_symbol(world: World) -> None:
    world.agent()
    world.wait(world.give(Action.PAUSE, "tg/wheel", symbol="AAPL"), "enforced")
    states = world.folder.read_states("tg")
    assert states is not None
    assert states.of("wheel").of_symbol("AAPL") is Desired.PAUSED
    assert states.of("wheel").of_symbol("MSFT") is Desired.ACTIVE
    world.wait(world.give(Action.RESUME, "tg/wheel", symbol="AAPL"), "enforced")
    states = world.folder.read_states("tg")
    assert states is not None
    assert states.of("wheel").of_symbol("AAPL") is Desired.ACTIVE


def test_a_run_that_read_the_older_state_keeps_it_from_being_enforced(world: World) -> None:
    run_id = world.run_of("tg", command_seen=0)
    with world.folder.lock("tg", {"run_id": run_id, "pid": 4711, "started_at": "2026-11-25T15:30:00+00:00"}) as held:
        del held
        world.agent(patience_s=1.0)
        pause = world.give(Action.PAUSE, "tg/wheel")
        world.wait(pause, "acknowledged")
        waiting = world.wait(pause, "not_enforced")
        assert "the run of 15:30 UTC (process 4711)" in waiting["detail"]
        assert world.rows("SELECT outcome FROM bot_runs") == [{"outcome": None}]
    world.wait(pause, "enforced")
    # Its wrapper went away without a word.
    assert world.rows("SELECT outcome FROM bot_runs") == [{"outcome": "vanished"}]


def test_a_run_that_read_the_command_does_not(world: World) -> None:
    seen = {"run_id": world.run_of("tg", 99), "command_seen": 99, "started_at": "2026-11-25T15:30:00+00:00"}
    with world.folder.lock("tg", seen):
        world.agent()
        world.wait(world.give(Action.PAUSE, "tg/wheel"), "enforced")
        assert world.rows("SELECT outcome FROM bot_runs") == [{"outcome": None}]


def test_of_commands_that_wait_the_safer_one_wins_and_the_others_are_told(world: World) -> None:
    pause = world.give(Action.PAUSE, "tg/wheel")
    stop = world.give(Action.STOP, "tg/wheel")
    with pytest.raises(OverruledError):
        world.give(Action.RESUME, "tg/wheel")
    world.agent()
    world.wait(stop, "enforced")
    lost = world.wait(pause, "overruled")
    assert lost["detail"] == "Overruled: the stop by ann is safer and counts."
    assert world.in_force() == {"tg/wheel": "stopped"}
    assert world.events(pause)[-1] == "command.overruled"


def test_a_newer_one_wins_where_both_are_equally_safe(world: World) -> None:
    world.execute(
        "INSERT INTO commands (strategy, action, actor, actor_kind) "
        "VALUES ('tg/wheel', 'pause', 'ann', 'user'), ('tg/wheel', 'pause', 'bob', 'user')"
    )
    world.agent()
    look = "SELECT c.actor, p.state, p.detail FROM command_progress p JOIN commands c ON c.id = p.command ORDER BY c.id"
    eventually(lambda: [row["state"] for row in world.rows(look)] == ["overruled", "enforced"])
    assert world.rows(look)[0]["detail"] == "Overruled: the pause by bob is newer and counts."


def test_from_a_settled_state_each_is_normal(world: World) -> None:
    world.agent()
    for action, state in [(Action.STOP, "stopped"), (Action.PAUSE, "paused"), (Action.RESUME, "active")]:
        world.wait(world.give(action, "tg/wheel"), "enforced")
        assert world.in_force()["tg/wheel"] == state
    world.execute("UPDATE strategies SET can_pause_opening = true")
    world.wait(world.give(Action.PAUSE, "tg/wheel", Scope.OPENING), "enforced")
    assert world.in_force()["tg/wheel"] == "opening_paused"


def test_a_second_agent_waits_and_takes_over(world: World) -> None:
    first = world.agent()
    world.wait(world.give(Action.PAUSE, "tg/wheel"), "enforced")
    second = world.agent()
    eventually(lambda: len(_waiting(world)) == 2, "the second one is connected")
    leader = world.rows("SELECT pid FROM agent_status")[0]["pid"]
    assert leader == first.pid
    first.kill()
    world.wait(world.give(Action.RESUME, "tg/wheel"), "enforced", patience=5.0)
    assert world.rows("SELECT pid FROM agent_status")[0]["pid"] == second.pid


def _waiting(world: World) -> list[dict[str, object]]:
    return world.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mtz agent'"
    )


def test_a_lock_that_can_not_be_looked_at_enforces_nothing(world: World) -> None:
    world.folder.path.mkdir()
    (world.folder.path / "locks").write_text("a file in its place")
    agent = world.agent()
    pause = world.give(Action.PAUSE, "tg/wheel")
    eventually(lambda: "can't be used" in str(world.commands.get(pause.command["id"])["detail"]))
    assert world.commands.get(pause.command["id"])["state"] == "acknowledged"
    assert "Traceback" not in agent.log
    (world.folder.path / "locks").unlink()
    world.wait(pause, "enforced")


def test_the_control_folder_that_can_not_be_written_acknowledges_nothing(world: World) -> None:
    world.folder.path.parent.mkdir(exist_ok=True)
    world.folder.path.write_text("a file in its place")
    world.agent()
    pause = world.give(Action.PAUSE, "tg/wheel")
    eventually(lambda: world.commands.get(pause.command["id"])["detail"])
    found = world.commands.get(pause.command["id"])
    assert found["state"] == "requested"
    assert "Not acknowledged yet" in str(found["detail"])
    assert world.in_force() == {}
    world.folder.path.unlink()
    world.wait(pause, "enforced")


def test_states_of_another_database_are_replaced(world: World) -> None:
    from data.strategies.desired import BotStates, StrategyState

    world.folder.write_states(BotStates("tg", 4000, strategies={"wheel": StrategyState(Desired.STOPPED, 4000)}))
    world.agent()
    world.wait(world.give(Action.PAUSE, "tg/wheel"), "enforced")
    states = world.folder.read_states("tg")
    assert states is not None
    assert states.of("wheel").desired is Desired.PAUSED


def test_the_audit_log_s_head_is_kept_outside_the_database(world: World) -> None:
    agent = world.agent()
    world.wait(world.give(Action.PAUSE, "tg/wheel"), "enforced")
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        newest = audit.head(conn)
        eventually(lambda: world.folder.audit_head(conn.info.dbname) == newest)
        assert audit.verify(conn, world.folder.audit_head(conn.info.dbname)).problems == []
    world.execute(
        "ALTER TABLE audit_events DISABLE TRIGGER USER; DELETE FROM audit_events WHERE id = (SELECT max(id) FROM audit_events); "
        "UPDATE audit_head SET (id, hash) = (SELECT id, hash FROM audit_events ORDER BY id DESC LIMIT 1)"
    )
    eventually(lambda: world.rows("SELECT 1 FROM agent_status WHERE heartbeat_at > now() - interval '1 s'"))
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        assert audit.verify(
            conn, world.folder.audit_head(conn.info.dbname)
        ).problems  # the older head has not replaced the kept one
    # Nor has a newer one that doesn't follow from it.
    world.execute(
        "ALTER TABLE audit_events ENABLE TRIGGER USER; "
        "INSERT INTO audit_events (kind, actor) SELECT 'a', 'b' FROM generate_series(1, 5)"
    )
    eventually(lambda: "`mtz audit verify`" in agent.log)
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        problems = audit.verify(conn, world.folder.audit_head(conn.info.dbname)).problems
        assert problems == [f"Event {newest[0]} isn't the one that the head outside the database names."]


def test_commands_given_all_at_once(world: World) -> None:
    """Many callers in the same moment: what is in force is what the newest command wanted that nothing safer overruled."""
    world.agent()
    names = [f"s{number}" for number in range(6)]
    world.bot("many", *names)

    def give(action: Action, name: str) -> None:
        with contextlib.suppress(OverruledError):
            world.give(action, f"many/{name}")

    threads = [threading.Thread(target=give, args=(a, n)) for n in names for a in (Action.PAUSE, Action.STOP)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = "SELECT c.strategy, c.action, p.state FROM commands c LEFT JOIN command_progress p ON p.command = c.id ORDER BY c.id"
    settled = ("enforced", "overruled")
    eventually(lambda: all(row["state"] in settled for row in world.rows(rows)), "all settled")
    wanted = {row["strategy"]: row["action"] for row in world.rows(rows) if row["state"] == "enforced"}
    assert world.in_force() == {name: {"pause": "paused", "stop": "stopped"}[action] for name, action in wanted.items()}
    assert len(wanted) == len(names)


def test_the_folder_is_read_by_another_process_as_the_agent_wrote_it(world: World) -> None:
    world.agent()
    world.wait(world.give(Action.STOP, "tg/hedge"), "enforced")
    again = ControlFolder(world.folder.path).read_states("tg")
    assert again is not None
    assert again.of("hedge").desired is Desired.STOPPED


def test_the_kill_switch_acknowledges_twenty_strategies_in_one_moment(world: World) -> None:
    world.bot("many", *(f"s{number}" for number in range(17)))
    world.agent()
    kill = world.give(Action.STOP, EVERY)
    world.wait(kill, "enforced")
    moments = world.rows("SELECT acknowledged_at, count(*) FROM command_progress GROUP BY 1")
    assert [row["count"] for row in moments] == [20]  # the switch and 19 strategies, in one transaction
    assert set(world.in_force().values()) == {"stopped"}
    states = world.folder.read_states("many")
    assert states is not None
    assert states.is_killed


def test_what_appears_under_the_kill_switch_is_stopped_too_and_stays_so(world: World) -> None:
    world.agent()
    world.wait(world.give(Action.STOP, EVERY), "enforced")
    world.bot("late", "puts")
    eventually(lambda: world.in_force().get("late/puts") == "stopped")
    world.wait(world.give(Action.RESUME, EVERY), "enforced")
    states = world.folder.read_states("late")
    assert states is not None
    assert (states.is_killed, states.of("puts").desired) == (False, Desired.STOPPED)
    assert len(world.rows("SELECT 1 FROM commands WHERE strategy = 'late/puts'")) == 1


def test_a_bot_that_can_not_apply_a_command_fails_it_in_its_own_words(world: World) -> None:
    world.bot("prog", "puts", adapter="in_process", family=None)
    world.execute("UPDATE bots SET heartbeat_at = now() + interval '1 h' WHERE bot = 'prog'")
    world.execute(
        "INSERT INTO bot_reports (strategy, bot, applied_command, desired, failure, cycles_since, queued_orders) "
        "VALUES ('prog/puts', 'prog', 0, 'active', 'KeyError: puts', 0, 0)"
    )
    world.agent()
    failed = world.wait(world.give(Action.PAUSE, "prog/puts"), "failed")
    assert "KeyError: puts" in failed["detail"]


def test_old_questions_are_forgotten(world: World) -> None:
    world.execute("INSERT INTO accounts (account, source) VALUES ('DU9000001', 'demo')")
    world.execute(
        "INSERT INTO order_requests (account, requested_at) "
        "SELECT 'DU9000001', now() - interval '8 days' FROM generate_series(1, 99)"
    )
    world.execute("INSERT INTO order_answers (request, perm_ids) SELECT id, '{}' FROM order_requests")
    answered = threading.Thread(target=_answer, args=(world,))
    answered.start()
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        assert ask(conn, "DU9000001", 20.0) == [5]
        answered.join()
        assert conn.execute("SELECT count(*), max(id) FROM order_requests").fetchone() == (1, 100)


def _answer(world: World) -> None:
    """As a poller would."""
    eventually(lambda: world.rows("SELECT 1 FROM order_requests WHERE id = 100"))
    world.execute("INSERT INTO order_answers (request, perm_ids) VALUES (100, '{5}')")


def test_a_run_on_another_machine_is_no_vanished_one(world: World) -> None:
    """Its lock is in a folder that isn't seen here: only its wrapper can say that it ended."""
    run_id = world.run_of("tg", command_seen=0)
    world.execute("UPDATE bot_runs SET host = 'elsewhere' WHERE run_id = %s", [run_id])
    world.agent(patience_s=1.0)
    pause = world.give(Action.PAUSE, "tg/wheel")
    assert "on elsewhere" in world.wait(pause, "not_enforced")["detail"]
    assert world.rows("SELECT outcome FROM bot_runs") == [{"outcome": None}]
    world.execute("UPDATE bot_runs SET ended_at = now(), outcome = 'ok' WHERE run_id = %s", [run_id])
    world.wait(pause, "enforced")
