"""Database rows → the shapes of :mod:`data.views`. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from data.analytics.positions import derived
from data.model import GatewayState, MarketPhase, PollerStatus
from data.views import OutageView, PositionView, TradeView

Row = Mapping[str, Any]

STATUS_FIELDS = tuple(field.name for field in fields(PollerStatus))


def iso(value: datetime | None) -> str | None:
    """ISO 8601 UTC to the millisecond, ending in Z."""
    return None if value is None else stamp(value)


def stamp(value: datetime) -> str:
    """As :func:`iso`, for what is never missing."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def number(value: float | Decimal | None) -> float | None:
    """A finite float; NaN and infinity are "not known" like NULL."""
    if value is None:
        return None
    result = float(value)
    return result if math.isfinite(result) else None


def poller_status(row: Row) -> PollerStatus | None:
    """The status of an account's row of the board, None when its poller never wrote one."""
    if row["heartbeat_at"] is None:
        return None
    values = {name: row[name] for name in STATUS_FIELDS}
    values["gateway_state"] = GatewayState(values["gateway_state"])
    if values["market_phase"] is not None:
        values["market_phase"] = MarketPhase(values["market_phase"])
    return PollerStatus(**values)


def position(row: Row, today: date) -> PositionView:
    """`today` is the date in New York."""
    return {
        "con_id": row["con_id"],
        "symbol": row["symbol"],
        "local_symbol": row["local_symbol"],
        "sec_type": row["sec_type"],
        "trading_class": row["trading_class"],
        "expiry": day(row["expiry"]),
        "strike": number(row["strike"]),
        "right": row["right"],
        "multiplier": row["multiplier"],
        "currency": row["currency"],
        "quantity": row["quantity"],
        "avg_cost": number(row["avg_cost"]),
        "market_price": number(row["market_price"]),
        "market_value": number(row["market_value"]),
        "unrealized_pnl": number(row["unrealized_pnl"]),
        "realized_pnl": number(row["realized_pnl"]),
        "daily_pnl": number(row["daily_pnl"]),
        "delta": number(row["delta"]),
        "gamma": number(row["gamma"]),
        "theta": number(row["theta"]),
        "vega": number(row["vega"]),
        "implied_vol": number(row["implied_vol"]),
        "underlying_price": number(row["underlying_price"]),
        "strategy": row["strategy"],
        "cycle": row["cycle"],
        "stage": row["stage"],
        **derived(row, today),
        "as_of": stamp(row["as_of"]),
    }


def trade(row: Row) -> TradeView:
    return {
        "id": row["id"],
        "exec_id": row["exec_id"],
        "time": stamp(row["ts"]),
        "session_date": row["session_date"].isoformat(),
        "account": row["account"],
        "con_id": row["con_id"],
        "symbol": row["symbol"],
        "local_symbol": row["local_symbol"],
        "sec_type": row["sec_type"],
        "expiry": day(row["expiry"]),
        "strike": number(row["strike"]),
        "right": row["right"],
        "multiplier": row["multiplier"],
        "currency": row["currency"],
        "side": row["side"],
        "quantity": float(row["quantity"]),
        "price": float(row["price"]),
        "kind": row["kind"],
        "exchange": row["exchange"],
        "order_id": row["order_id"],
        "perm_id": row["perm_id"],
        "client_id": row["client_id"],
        "order_ref": row["order_ref"],
        "commission": number(row["commission"]),
        "commission_currency": row["commission_currency"],
        "realized_pnl": number(row["realized_pnl"]),
        "strategy": row["strategy"],
        "correction": row["correction"],
        "note": row["note"],
        "tags": row["tags"],
        "excluded": row["excluded"],
    }


def outage(row: Row) -> OutageView:
    return {
        "kind": row["kind"],
        "started": stamp(row["started"]),
        "ended": iso(row["ended"]),
        "reason": row["reason"],
    }
