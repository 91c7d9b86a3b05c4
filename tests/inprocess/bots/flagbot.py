"""A bot as people have them: strategies in a dict, whose pause() is a flag that nobody looks at. ib_async, and one file of ours.

flagbot.py GATEWAY_PORT DASHBOARD_URL STATE_FILE [deaf]: a line of JSON a cycle. `deaf` fills its registry anew within a pass.
"""

import asyncio
import importlib.util
import json
import logging
import sys

import ib_async
from bot_client import Control, RegistryControl

assert importlib.util.find_spec("data") is None, "the dashboard's code must not be here"
CLIENT_ID = 41


class FlagStrategy:
    """Sells nothing that could fill: a bid far below the market."""

    def __init__(self, name, symbols):
        self.name, self.symbols, self.status, self.execution_count, self.errors = name, symbols, "RUNNING", 0, []

    def pause(self):
        self.status = "PAUSED"

    def resume(self):
        self.status = "RUNNING"

    def analyze(self):  # as its caller does it: without a look at the status
        self.execution_count += 1
        return [(symbol, f"flagbot:{self.name}:{symbol}") for symbol in self.symbols]


class Manager:
    def __init__(self, ib):
        self.ib = ib
        self.active_strategies = self.made()

    @staticmethod
    def made():
        return {"put": FlagStrategy("put", ["KO", "F"]), "call": FlagStrategy("call", ["T"])}

    def cancel(self, name):
        for trade in self.ib.openTrades():
            if trade.order.orderRef.startswith(f"flagbot:{name}:"):
                self.ib.cancelOrder(trade.order)

    async def manage(self, control, deaf):
        if deaf:
            self.active_strategies.clear()
            self.active_strategies.update(self.made())
        queued = []
        for name, strategy in self.active_strategies.items():
            for symbol, ref in strategy.analyze():
                control.order_queued(name, symbol, ref=ref)
                order = ib_async.LimitOrder("BUY", 1, 1.0, orderRef=ref, tif="DAY")
                self.ib.placeOrder(ib_async.Stock(symbol, "SMART", "USD"), order)
                queued.append(ref)
        await asyncio.sleep(0.1)
        return queued


async def main(port, url, state_file, deaf):
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=CLIENT_ID)
    manager = Manager(ib)
    control = Control(
        url, "flagbot", state_file=state_file, account=ib.managedAccounts()[0], client_id=CLIENT_ID,
        gateway=("127.0.0.1", port), heartbeat_s=0.2, timeout_s=5.0,
    )  # fmt: skip
    registry = RegistryControl(control, manager.active_strategies, cancel=manager.cancel)
    control.start(wait_s=2.0)
    while True:
        with registry.cycle():
            queued = await manager.manage(control, deaf)
            control.decide("put", "note", f"{len(queued)} orders")
        known = {trade.order.orderRef for trade in ib.openTrades()}
        print(json.dumps({"queued": queued, "open": sorted(known), "connected": control.is_connected}), flush=True)
        await asyncio.sleep(0.1)


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
logging.getLogger("ib_async").setLevel(logging.ERROR)
asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], "deaf" in sys.argv))
