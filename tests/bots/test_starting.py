"""`mtz bot` around a program that is no bot: the order of a start, who is refused and why, signals, records, the database away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.queries import query
from data.strategies.desired import EVERY, Action, BotStates, Desired, StrategyState
from data.strategies.folder import BusyError
from data.strategies.wrapper.starting import NotStartedError, Starter, Wanted
from tests.bots import files
from tests.bots.conftest import BotWorld, Kind
from tests.bots.test_configuration import filled
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle

NAME = "thetagang"
BOT_COLUMNS = ("family", "version", "account", "client_id", "gateway_host", "gateway_port", "config_path", "command",
               "schedule", "longest_run_s", "problem")  # fmt: skip


class Nowhere(GatewayHandle):
    """A gateway that isn't needed: its port is all that a configuration wants."""

    def __init__(self) -> None:
        self.port = 1


@pytest.fixture
def world(url18: str, tmp_path: Path) -> Iterator[BotWorld]:
    found = BotWorld(url18, tmp_path, Nowhere(), Kind(NAME, tmp_path / "thetagang", "thetagang2"))
    script(found, 'touch started; echo "$@" > arguments; env > environment')
    try:
        yield found
    finally:
        found.close()


def script(world: BotWorld, text: str) -> None:
    """What stands in for the bot."""
    world.kind.program.write_text(f"#!/bin/sh\n{text}\n")
    world.kind.program.chmod(0o755)


def started(world: BotWorld) -> bool:
    return (world.data_dir / "started").exists()


def start(world: BotWorld, **environment: str) -> subprocess.Popen[str]:
    command, env = world.command(**environment)
    return subprocess.Popen(
        command,
        env=env,
        cwd=world.data_dir,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def away(free_port: Callable[[], int]) -> dict[str, str]:
    return {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"}


def test_a_run_is_recorded_and_its_exit_code_passed_through(world: BotWorld):
    script(world, 'touch started; echo "$@" > arguments; echo "RuntimeError: the moon is wrong" >&2; exit 3')
    ran = world.run("--schedule", "30 10 * * MON-FRI", "--longest", "600")
    assert ran.code == 3
    assert "the moon is wrong" in ran.output
    run = world.last_run()
    assert (run["outcome"], run["exit_code"]) == ("failed", 3)
    assert run["words"] == "RuntimeError: the moon is wrong"
    assert run["started_at"] < run["ended_at"]
    bot = world.rows("SELECT * FROM bots")[0]
    assert (bot["adapter"], bot["family"], bot["account"], bot["client_id"]) == (
        "wrapper",
        "thetagang2",
        "DU9000001",
        7,
    )
    assert (bot["schedule"], bot["longest_run_s"]) == ("30 10 * * MON-FRI", 600)
    assert bot["config_path"] == str(world.config)
    effective = world.data_dir / "thetagang.mtz.toml"
    assert (world.data_dir / "arguments").read_text().split() == ["--config", str(effective), "--without-ibc"]
    names = {row["name"]: row for row in world.rows("SELECT * FROM strategies")}
    assert set(names) == {"thetagang/wheel", "thetagang/tail_hedge", "thetagang/cash_management"}
    assert names["thetagang/wheel"]["symbols"] == ["F", "SOFI", "KO"]


def test_what_a_run_says_it_skipped_is_in_the_ledger(world: BotWorld):
    script(
        world,
        "echo 'Rollable & closeable puts'; echo '│ F     261218P00012500 │ None │ P&L of 1.0% is < 20.0% │'; "
        "echo 'KO: Failed to submit contract'; echo 'Failed to execute strategy momentum for QQQ: no data'",
    )
    world.run()
    rows = world.rows("SELECT strategy, kind, symbol, contract, reason, run_id FROM decisions ORDER BY source_key")
    assert [tuple(row.values())[:5] for row in rows] == [
        ("thetagang/wheel", "skip", "F", "F 2026-12-18 12.5 P", "did not roll F 2026-12-18 12.5 P: P&L of 1.0% is < 20.0%"),
        ("thetagang/wheel", "error", "KO", None, "could not send the order for KO"),
        (None, "error", "QQQ", None, "no data"),  # of a strategy that its configuration doesn't name
    ]  # fmt: skip
    assert {row["run_id"] for row in rows} == {world.last_run()["run_id"]}
    assert world.rows(query("bots_without_records")) == [{"bot": NAME}]  # what it sends is recorded nowhere


def test_a_strategy_that_is_configured_no_more_is_no_longer_listed(world: BotWorld):
    world.run()
    world.config.write_text(world.config.read_text().replace('"wheel", "tail_hedge", ', '"wheel", '))
    world.run()
    listed = {row["name"]: row["is_listed"] for row in world.rows("SELECT name, is_listed FROM strategies")}
    assert listed == {"thetagang/wheel": True, "thetagang/tail_hedge": False, "thetagang/cash_management": True}


def test_the_bot_gets_our_environment_without_what_is_ours(world: BotWorld):
    world.run(ITS_OWN="yes")
    environment = (world.data_dir / "environment").read_text()
    assert "ITS_OWN=yes" in environment
    assert "DATABASE_URL" not in environment
    assert "MTZ_" not in environment


def test_the_kill_file_is_read_first(world: BotWorld, free_port: Callable[[], int]):
    world.folder.kill("ann", "flash crash")
    ran = world.run()
    assert (ran.code, started(world)) == (1, False)
    assert "The kill switch was thrown by ann (flash crash): the bot is not started." in ran.said
    assert world.last_run()["outcome"] == "refused"
    assert world.run(**away(free_port)).code == 1
    assert not started(world)


def test_a_switch_that_is_thrown_during_a_start_counts(world: BotWorld):
    world.folder.write_states(BotStates(NAME, 1, strategies={"wheel": StrategyState(Desired.PAUSED, 1)}))
    bot = [str(world.kind.program), "--config", world.kind.config]
    starter = Starter(world.folder, None, lambda _: world.folder.kill("ann", None))  # once it says what is paused
    with pytest.raises(NotStartedError, match="kill switch"):
        starter.run(Wanted(bot, os.environ, world.data_dir))
    assert not started(world)


def test_a_damaged_kill_file_counts_as_thrown(world: BotWorld):
    world.folder.path.mkdir(parents=True)
    (world.folder.path / "kill.json").write_text("{")
    assert world.run().code == 1
    assert not started(world)


def test_the_kill_switch_counts_before_any_agent_has_seen_it(world: BotWorld):
    world.run()
    (world.data_dir / "started").unlink()
    world.give(Action.STOP, EVERY)
    ran = world.run()
    assert (ran.code, started(world)) == (1, False)
    assert "The kill switch is thrown" in ran.said


def test_a_pause_counts_before_any_agent_has_seen_it_and_a_resume_does_not(world: BotWorld):
    world.run()
    pause = world.give(Action.PAUSE, "thetagang/wheel")
    ran = world.run()
    assert "wheel: paused." in ran.said
    assert "options_write_puts" in world.effective()
    assert world.last_run()["command_seen"] == pause.command["number"]
    known = world.folder.read_states(NAME)
    assert known is not None
    assert known.of("wheel").desired == "paused"  # also for a start without the database


def test_a_second_run_says_who_runs(world: BotWorld):
    script(world, "touch started; read line; exit 0")
    with start(world) as first:
        eventually(lambda: started(world), "the first run")
        run = world.rows("SELECT pid FROM bot_runs WHERE ended_at IS NULL")[0]
        ran = world.run()
        assert ran.code == 5
        assert f"There is a run of thetagang (process {run['pid']}) since " in ran.said
        assert "this one is not started" in ran.said
        first.communicate("go on\n")  # stdin is the bot's
        assert first.returncode == 0
    outcomes = world.rows("SELECT outcome FROM bot_runs ORDER BY started_at")
    assert [row["outcome"] for row in outcomes] == ["ok", "refused"]


def test_a_peek_at_the_lock_and_a_cancelling_agent_are_waited_for(world: BotWorld):
    with world.folder.lock(NAME, {"holder": "agent"}):
        waiting = start(world)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3.5)  # longer than a mere peek takes
        assert not started(world)
    with waiting:
        assert waiting.wait(30) == 0
        waiting.communicate()
    assert started(world)


def test_signals_reach_the_bot(world: BotWorld):
    script(world, "trap 'echo got TERM; exit 41' TERM; touch started; while :; do sleep 0.05; done")
    with start(world) as wrapper:
        eventually(lambda: started(world), "the bot")
        wrapper.send_signal(signal.SIGTERM)
        output, _ = wrapper.communicate(timeout=30)
        assert wrapper.returncode == 41
    assert "got TERM" in output
    assert (world.last_run()["outcome"], world.last_run()["exit_code"]) == ("killed", 41)


def test_a_bot_that_a_signal_kills_ends_as_in_a_shell(world: BotWorld):
    script(world, "kill -KILL $$")
    assert world.run().code == 128 + signal.SIGKILL
    assert world.last_run()["outcome"] == "killed"


def test_a_bot_whose_wrapper_was_killed_is_still_seen_to_run(world: BotWorld):
    script(world, "touch started; read line; touch ended")
    with start(world) as wrapper:
        eventually(lambda: started(world), "the bot")
        wrapper.kill()
        wrapper.wait()
        with pytest.raises(BusyError), world.folder.lock(NAME, {}):
            pass
        wrapper.stdin.write("go\n")
        wrapper.stdin.close()
        eventually(lambda: world.folder.lock_holder(NAME) is None, "the lock")
    assert (world.data_dir / "ended").exists()


def test_output_is_bounded_and_has_no_secrets(world: BotWorld):
    script(
        world,
        "echo FIRST password=hunter2hunter2 user charlie77; i=0; "
        "while [ $i -lt 4000 ]; do echo 'a line of nothing in particular, to be left out of what is kept, number' $i; i=$((i+1)); done; "
        "echo LAST tok-9876 postgresql://bob:s3cretpw@db/x",
    )
    ran = world.run(BOT_API_TOKEN="tok-9876")
    assert ran.output.count("a line of nothing") == 4000  # shown whole
    kept = world.last_run()["output"]
    assert len(kept) < 150_000
    assert "FIRST" in kept
    assert "LAST" in kept
    assert "bytes left out" in kept
    for secret in ("hunter2hunter2", "charlie77", "tok-9876", "s3cretpw"):
        assert secret not in kept


def test_a_secret_on_the_command_line_is_masked(world: BotWorld):
    command, env = world.command()
    subprocess.run([*command, "--token", "abcdef123"], env=env, cwd=world.data_dir, check=True, capture_output=True)
    assert world.rows("SELECT command FROM bots")[0]["command"][-2:] == ["--token", "***"]
    last = world.folder.path / "last" / "thetagang.json"
    assert json.loads(last.read_text())["arguments"][-1] == "abcdef123"  # the preview needs it
    assert last.stat().st_mode & 0o777 == 0o600


def test_without_the_database_the_last_known_states_count_and_the_record_waits(
    world: BotWorld, free_port: Callable[[], int]
):
    world.run()
    world.give(Action.PAUSE, "thetagang/wheel")
    world.run()
    ran = world.run(**away(free_port))
    assert ran.code == 0
    assert "started by the states last known" in ran.said
    assert "wheel: paused." in ran.said
    assert len(world.rows("SELECT 1 FROM bot_runs")) == 2
    waiting = list((world.folder.path / "runs").glob("*.json"))
    assert len(waiting) == 1
    world.run()
    runs = world.rows("SELECT outcome, command_seen FROM bot_runs ORDER BY started_at")
    assert [row["outcome"] for row in runs] == ["ok"] * 4
    assert runs[2]["command_seen"] == runs[1]["command_seen"] > 0
    assert not waiting[0].exists()


def test_a_record_that_can_not_be_stored_keeps_no_start_from_reading_what_is_desired(world: BotWorld):
    script(world, r"touch started; printf 'zero \000 byte'; exit 3")
    world.run()
    run = world.last_run()
    assert (run["outcome"], run["output"]) == ("failed", "zero \ufffd byte")
    spooled = {**run, "run_id": "00000000-0000-0000-0000-000000000001", "words": "zero \x00 byte", "decisions": []}
    spooled |= {"bot": {"bot": NAME} | dict.fromkeys(BOT_COLUMNS), "strategies": None, "statuses": {}}
    spooled = {name: value for name, value in spooled.items() if name != "is_preview"}
    world.folder.keep(f"runs/{spooled['run_id']}.json", json.loads(json.dumps(spooled, default=str)))
    pause = world.give(Action.PAUSE, "thetagang/wheel")
    ran = world.run()
    assert "wheel: paused." in ran.said
    assert "last known" not in ran.said
    assert world.last_run()["command_seen"] == pause.command["number"]
    assert [path.suffix for path in (world.folder.path / "runs").iterdir()] == [".refused"]
    # What it says of itself doesn't fit, but what is desired can be read.
    world.write(client_id=99_999_999_999)
    world.give(Action.STOP, "thetagang/wheel")
    ran = world.run()
    assert "wheel: stopped." in ran.said
    assert "last known" not in ran.said


def test_a_bot_of_which_nothing_is_known_is_not_started_without_the_database(
    world: BotWorld, free_port: Callable[[], int]
):
    ran = world.run(**away(free_port))
    assert (ran.code, started(world)) == (3, False)
    assert "What thetagang shall do is not known" in ran.said
    world.run()
    assert [row["outcome"] for row in world.rows("SELECT outcome FROM bot_runs ORDER BY started_at")] == [
        "refused",
        "ok",
    ]


def test_damaged_states_are_not_guessed(world: BotWorld, free_port: Callable[[], int]):
    world.run()
    (world.folder.path / "states" / "thetagang.json").write_text("[]")
    (world.data_dir / "started").unlink()
    ran = world.run(**away(free_port))
    assert (ran.code, started(world)) == (3, False)
    assert "is damaged" in ran.said


@pytest.mark.parametrize(
    ("text", "words"),
    [("[account]\n", "is a configuration neither of ThetaGang 2"), ("not toml", "is no TOML")],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(world: BotWorld, text: str, words: str):
    world.config.write_text(text)
    ran = world.run()
    assert (ran.code, started(world)) == (1, False)
    assert words in ran.said
    assert words in world.last_run()["words"]
    assert words in world.rows("SELECT problem FROM bots")[0]["problem"]
    world.write()
    world.run()
    assert world.rows("SELECT problem FROM bots")[0]["problem"] is None


def test_a_folder_that_cannot_be_written_is_said(world: BotWorld):
    (world.data_dir / "thetagang.mtz.toml").mkdir()
    ran = world.run()
    assert (ran.code, started(world)) == (1, False)
    assert "can't be written" in ran.said


def test_the_effective_file_keeps_the_originals_mode(world: BotWorld):
    world.config.chmod(0o640)
    world.run()
    assert (world.data_dir / "thetagang.mtz.toml").stat().st_mode & 0o777 == 0o640


def test_a_linked_configuration_is_followed(world: BotWorld):
    """ThetaGang finds its records beside the file itself, not beside the link."""
    real = world.data_dir / "real"
    real.mkdir()
    world.config.rename(real / "thetagang.toml")
    world.config.symlink_to(real / "thetagang.toml")
    world.run()
    assert (real / "thetagang.mtz.toml").exists()


def test_the_configuration_of_an_environment_variable(world: BotWorld):
    other = world.data_dir / "other.toml"
    other.write_text(filled(files.SECOND))
    command, env = world.command(THETAGANG_CONFIG=str(other))
    short = command[: command.index("--config")]
    done = subprocess.run(short, env=env, cwd=world.data_dir, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"THETAGANG_CONFIG={world.data_dir}/other.mtz.toml" in (world.data_dir / "environment").read_text()


def test_a_wrong_command_line_is_said(world: BotWorld):
    command, env = world.command()
    for wrong in (["--config", "nothing.toml"], ["-c"]):
        arguments = command[: command.index("--config")] + wrong
        done = subprocess.run(arguments, env=env, cwd=world.data_dir, capture_output=True, text=True)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert world.run("--schedule", "sometimes").code == 2
    assert world.run("--name", "a/b").code == 2


def test_a_name_of_an_in_process_bot_is_refused(world: BotWorld):
    world.bot(NAME, adapter="in_process", family=None)
    ran = world.run()
    assert (ran.code, started(world)) == (1, False)
    assert "give this one another with --name" in ran.said


def test_two_starts_at_once_are_one_run(world: BotWorld):
    script(world, "echo x >> counted; sleep 0.5")
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(world.run().code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ran = (world.data_dir / "counted").read_text().count("x")
    assert sorted(codes) in ([0, 5], [0, 0])  # the second may have waited for a short first one
    assert ran == codes.count(0)
