"""A stop cancels the strategy's own orders with the bot's client id, names what it can't cancel, and believes only the broker."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from data.strategies.desired import EVERY, Action
from tests.agent.conftest import connected_poller, trading_gateway
from tests.agent.world import Trader, World, at_broker, resting
from tests.conftest import Server
from tests.gateway.raw import RawClient
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import GatewayHandle

BOT_CLIENT = 7
TAIL = "tg:tail-hedge:close:AAPL"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHandle]:
    with trading_gateway(tmp_path_factory.mktemp("gateway")) as handle:
        yield handle


@pytest.fixture(scope="module")
def world(server18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(server18.database(), tmp_path_factory.mktemp("world"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def poller(world: World, gateway: GatewayHandle) -> Iterator[PollerProcess]:
    with connected_poller(world, gateway) as process:
        yield process


@pytest.fixture(autouse=True)
def _bot(world: World, gateway: GatewayHandle) -> Iterator[None]:
    world.bot("tg", "wheel", "tail_hedge", symbols=["AAPL"], gateway=gateway, client_id=BOT_CLIENT)
    yield
    world.reset()
    with RawClient(gateway.host, gateway.port) as client:  # whatever the test left at the broker
        client.hello()
        client.start(998)
        client.read_until(9)
        client.send(58, 1)
    eventually(lambda: not at_broker(gateway))
    eventually(
        lambda: {c["client_id"] for c in gateway.admin("clients")["clients"]} <= {30}, "only the poller is connected"
    )


def test_its_orders_are_gone_and_others_stay(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    trader = Trader(gateway, BOT_CLIENT)
    wheel = trader.place(resting(), resting("SELL", 9999.0))
    tail = trader.place(resting(ref=TAIL))
    elsewhere = Trader(gateway, 8).place(resting(), symbol="MSFT")
    world.agent()
    done = world.wait(world.give(Action.STOP, "tg/wheel"), "enforced")
    assert at_broker(gateway) == {*tail, *elsewhere}
    assert done["remaining"] == []
    assert "Positions stay" in done["detail"]
    events = world.rows(
        "SELECT detail FROM audit_events WHERE kind = 'order.cancelled' AND subject = 'tg' "
        "   AND (detail->>'perm_id')::bigint = ANY (%s) ORDER BY id",
        [[*wheel, *tail, *elsewhere]],
    )
    assert [event["detail"]["perm_id"] for event in events] == sorted(wheel)
    # And then the other strategy of the bot.
    world.wait(world.give(Action.STOP, "tg/tail_hedge"), "enforced")
    assert at_broker(gateway) == set(elsewhere)


def test_a_foreign_order_is_named_until_it_is_gone(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    own = Trader(gateway, BOT_CLIENT).place(resting())
    (foreign,) = Trader(gateway, 8).place(resting())
    world.agent()
    stop = world.give(Action.STOP, "tg/wheel")
    left = world.wait(stop, "not_enforced")
    assert at_broker(gateway) == {foreign}
    assert own
    (order,) = left["remaining"]
    assert (order["perm_id"], order["client_id"], order["what"]) == (foreign, 8, "BUY 1 AAPL LMT 1")
    assert "API client 8" in order["advice"]
    assert "in TWS" in order["advice"]
    with RawClient(gateway.host, gateway.port) as client:  # its owner cancels it
        client.hello()
        client.start(8)
        client.send(5, 1)
        order_id = client.read_until(5)[1]
        client.send(4, 1, order_id, "")
        eventually(lambda: not at_broker(gateway), "cancelled by its owner")
    world.wait(stop, "enforced")
    kinds = world.events(stop)
    assert kinds[-2:] == ["command.not_enforced", "command.enforced"]


def test_what_somebody_assigned_by_hand_counts(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    (taken,) = Trader(gateway, BOT_CLIENT).place(resting())  # looks like the wheel's
    (given,) = Trader(gateway, 8).place(resting(), symbol="MSFT")  # looks like nobody's
    stored = "SELECT 1 FROM orders WHERE perm_id = ANY (%s)"
    eventually(lambda: len(world.rows(stored, [[taken, given]])) == 2)
    world.execute(
        "INSERT INTO attributions (account, perm_id, strategy, how, actor) "
        "VALUES ('DU9000001', %s, NULL, 'hand', 'ann'), ('DU9000001', %s, 'tg/wheel', 'hand', 'ann')",
        [taken, given],
    )
    world.agent()
    left = world.wait(world.give(Action.STOP, "tg/wheel"), "not_enforced")
    assert [order["perm_id"] for order in left["remaining"]] == [given]
    assert at_broker(gateway) == {taken, given}


def test_a_client_id_that_is_taken_means_that_the_bot_runs(
    world: World, gateway: GatewayHandle, poller: PollerProcess
) -> None:
    """Started past its wrapper: no lock is held, but it is connected."""
    Trader(gateway, BOT_CLIENT).place(resting())
    with RawClient(gateway.host, gateway.port) as client:
        client.hello()
        client.start(BOT_CLIENT)
        client.read_until(9)
        world.agent()
        stop = world.give(Action.STOP, "tg/wheel")
        left = world.wait(stop, "not_enforced")
        assert "still runs: its client id 7 is connected" in left["remaining"][0]["advice"]
        assert at_broker(gateway)
    world.wait(stop, "enforced")
    assert not at_broker(gateway)


def test_the_kill_switch_stops_each_and_its_release_none(
    world: World, gateway: GatewayHandle, poller: PollerProcess
) -> None:
    world.bot("other", "puts", symbols=["MSFT"], gateway=gateway, client_id=9)
    Trader(gateway, BOT_CLIENT).place(resting(), resting(ref=TAIL))
    Trader(gateway, 9).place(resting(), symbol="MSFT")
    (manual,) = Trader(gateway, 55).place(resting(), symbol="SPY")
    world.agent()
    kill = world.give(Action.STOP, EVERY)
    world.wait(kill, "enforced")
    assert at_broker(gateway) == {manual}
    said = world.folder.killed()
    assert said is not None
    assert (said["actor"], said["command"]) == ("ann", kill.command["number"])
    assert set(world.in_force().values()) == {"stopped"}
    release = world.give(Action.RESUME, EVERY)
    world.wait(release, "enforced")
    assert world.folder.killed() is None
    stopped = {name for name, desired in world.in_force().items() if desired == "stopped"}
    assert stopped == {"tg/wheel", "tg/tail_hedge", "other/puts"}
    states = world.folder.read_states("tg")
    assert states is not None
    assert not states.is_killed


def test_nothing_but_single_cancels_is_ever_sent(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    """Between agent and gateway a listener: the only writing message is cancelOrder (4), never reqGlobalCancel (58)."""
    Trader(gateway, BOT_CLIENT).place(resting(), resting())
    sent = _listen_between(world, gateway)
    world.agent()
    world.wait(world.give(Action.STOP, "tg/wheel"), "enforced")
    kinds = [message[0] for message in sent]
    assert kinds.count("4") == 2
    assert not {"3", "58"} & set(kinds)
    assert not at_broker(gateway)


def _listen_between(world: World, gateway: GatewayHandle) -> list[list[str]]:
    """Put a proxy into the bot's way; the messages that go up, as they come."""
    sent: list[list[str]] = []
    listener = socket.create_server((gateway.host, 0))

    def pump(source: socket.socket, target: socket.socket, note: bool) -> None:
        data = b""
        try:
            while chunk := source.recv(1 << 16):
                target.sendall(chunk)
                data += chunk if note else b""
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # closing alone says nothing while the other thread reads from it
            end.close()
        if note:
            sent.extend(_messages(data))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((gateway.host, gateway.port))
            threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, False), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    world.execute("UPDATE bots SET gateway_port = %s", [listener.getsockname()[1]])
    return sent


def _messages(data: bytes) -> list[list[str]]:
    found, at = [], 4  # after "API\0"
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size].decode().split("\0"))
        at += 4 + size
    return found


def test_an_in_process_bot_that_died_is_cancelled_for(
    world: World, gateway: GatewayHandle, poller: PollerProcess
) -> None:
    """It gives no sign of life, and its client id isn't connected."""
    world.bot("prog", "puts", symbols=["AAPL"], gateway=gateway, client_id=12, adapter="in_process", family=None)
    world.execute(
        "INSERT INTO bot_reports (strategy, bot, applied_command, desired, cycles_since, queued_orders) "
        "VALUES ('prog/puts', 'prog', 0, 'active', 3, 0)"
    )
    world.execute("UPDATE bots SET heartbeat_at = now() - interval '1 h' WHERE bot = 'prog'")
    (named,) = Trader(gateway, 12).place(resting(ref="prog:puts:AAPL"))
    world.agent()
    done = world.wait(world.give(Action.STOP, "prog/puts"), "enforced")
    assert named not in at_broker(gateway)
    assert "Positions stay" in done["detail"]


def test_one_that_still_runs_cancels_by_itself(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    world.bot("prog", "puts", symbols=["AAPL"], gateway=gateway, client_id=12, adapter="in_process", family=None)
    world.execute(
        "INSERT INTO bot_reports (strategy, bot, applied_command, desired, cycles_since, queued_orders) "
        "VALUES ('prog/puts', 'prog', 99, 'stopped', 1, 0)"  # it says that it has the command, and a cycle passed
    )
    world.execute("UPDATE bots SET heartbeat_at = now() + interval '1 h' WHERE bot = 'prog'")  # a sign of life
    (named,) = Trader(gateway, 12).place(resting(ref="prog:puts:AAPL"))
    world.agent(patience_s=1.0)
    stop = world.give(Action.STOP, "prog/puts")
    left = world.wait(stop, "not_enforced")
    assert [order["perm_id"] for order in left["remaining"]] == [named]
    assert "cancels its own orders and has not done so yet" in left["detail"]
    assert at_broker(gateway) == {named}  # nobody meddles with a client id that is in use
    with RawClient(gateway.host, gateway.port) as client:
        client.hello()
        client.start(12)
        client.send(5, 1)
        client.send(4, 1, client.read_until(5)[1], "")
        eventually(lambda: not at_broker(gateway), "cancelled by the bot")
    world.wait(stop, "enforced")


def test_a_client_id_that_two_bots_share_tells_nothing(
    world: World, gateway: GatewayHandle, poller: PollerProcess
) -> None:
    world.bot("twin", "wheel", symbols=["AAPL"], gateway=gateway, client_id=BOT_CLIENT)
    (whose,) = Trader(gateway, BOT_CLIENT).place(resting())
    world.agent()
    left = world.wait(world.give(Action.STOP, "tg/wheel"), "not_enforced")
    assert "for which strategy can't be told" in left["remaining"][0]["advice"]
    assert at_broker(gateway) == {whose}
