"""What the gateway answers, by topic: each module maps message ids to functions of (client, fields)."""

from __future__ import annotations

from data.simulator.client import Handler
from data.simulator.handlers import account, contracts, history, market, orders

HANDLERS: dict[int, Handler] = {
    **account.HANDLERS,
    **contracts.HANDLERS,
    **history.HANDLERS,
    **market.HANDLERS,
    **orders.HANDLERS,
}
