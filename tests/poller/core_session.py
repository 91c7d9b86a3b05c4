"""The core of a session in whatever environment this runs: prints what it heard as one JSON line.

Usage: core_session.py PORT. It says when it waits for a fill, for a drop of the link, and for a line on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys

from data.ibkr import client
from data.model import GatewayState
from tests.poller.recorder import running


async def main(port: int) -> None:
    async with running("127.0.0.1", port) as heard:
        await heard.connected()
        print("filling", flush=True)
        await heard.until(lambda: any(x.client_id == 77 and x.commission for x in heard.executions.values()), "a fill")
        await heard.until(
            lambda: all(p.delta is not None for p in heard.positions.values() if p.contract.sec_type == "OPT"), "Greeks"
        )
        told = len(heard.states)
        print("dropping", flush=True)
        await heard.until(lambda: heard.has_been(GatewayState.DISCONNECTED, told))
        await heard.connected(told)
        print("halting", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.sleep(1)
        portfolio = heard.portfolios[-1]
        answer = {
            "library": client.LIBRARY,
            "account": heard.account,
            "net_liquidation": portfolio.net_liquidation,
            "daily": portfolio.daily_pnl,
            "positions": {
                c: [p.quantity, p.market_value, p.unrealized_pnl, p.delta] for c, p in heard.positions.items()
            },
            "executions": {i: [str(x.price), str(x.commission)] for i, x in heard.executions.items()},
            "phase": heard.market[-1][0],
            "errors": [x for x in heard.infos if "error" in x],
        }
        print(json.dumps(answer), flush=True)


asyncio.run(main(int(sys.argv[1])))
