"""An account to read: what a poller would have written, through the store that a poller writes with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from data.db import connect
from data.model import (
    Contract,
    Execution,
    ExecutionKind,
    Flush,
    GatewayState,
    MarketPhase,
    PollerStatus,
    Portfolio,
    PortfolioSample,
    Position,
    Role,
    Source,
)
from data.store import Store

ACCOUNT = "DU9000001"


def now() -> datetime:
    return datetime.now(UTC)


def stock(con_id: int = 1, symbol: str = "SPY") -> Contract:
    return Contract(con_id, symbol, symbol, "STK", "USD")


def put(con_id: int = 2, symbol: str = "SPY", strike: float = 500.0, currency: str = "USD") -> Contract:
    return Contract(
        con_id, symbol, f"{symbol} 270115P{strike:.0f}", "OPT", currency, symbol, "SMART", date(2027, 1, 15), strike, "P", 100.0
    )  # fmt: skip


def portfolio(account: str = ACCOUNT, **values: Any) -> Portfolio:
    base = Portfolio(
        account=account, as_of=now(), currency="USD", net_liquidation=104_321.12, cash=50_000.5,
        available_funds=40_000.25, buying_power=160_001.0, excess_liquidity=39_000.5, initial_margin=12_000.0,
        maintenance_margin=11_000.0, cushion=0.3738, gross_position_value=61_234.0, daily_pnl=812.34,
        unrealized_pnl=-120.5, realized_pnl=33.25,
    )  # fmt: skip
    return replace(base, **values)


def position(contract: Contract, account: str = ACCOUNT, **values: Any) -> Position:
    base = Position(
        account=account, contract=contract, as_of=now(), quantity=-2.0, avg_cost=210.5, market_price=1.95,
        market_value=-390.0, unrealized_pnl=31.0, realized_pnl=0.0, daily_pnl=5.5, delta=-0.3, gamma=0.02, theta=-0.08,
        vega=0.11, implied_vol=0.25, underlying_price=505.5,
    )  # fmt: skip
    return replace(base, **values)


def execution(number: int, contract: Contract | None = None, account: str = ACCOUNT, **values: Any) -> Execution:
    base = Execution(
        account=account, exec_id=f"0000e0d5.{number:08x}.01.01", base_exec_id=f"0000e0d5.{number:08x}.01", revision=1,
        contract=contract or put(), time=now() - timedelta(minutes=1), side="SLD", quantity=Decimal(1),
        price=Decimal("2.35"), kind=ExecutionKind.TRADE, order_id=7, perm_id=4711, client_id=30,
    )  # fmt: skip
    return replace(base, **values)


def close(contract: Contract, day: date, price: float) -> dict[str, Any]:
    """A daily bar as :meth:`Store.write_bars` takes it."""
    return {
        "con_id": contract.con_id, "what": "trades", "resolution": "1d", "ts": f"{day}T00:00:00+00:00", "session_date": f"{day}",
        "open": price, "high": price, "low": price, "close": price, "volume": 1000.0,
    }  # fmt: skip


def status(account: str = ACCOUNT, **values: Any) -> PollerStatus:
    at = now()
    base = PollerStatus(
        account=account, heartbeat_at=at, started_at=at, gateway_state=GatewayState.CONNECTED, gateway_reason=None,
        gateway_since=at, gateway_address="127.0.0.1:4002", client_id=30, last_datum_at=at, feed_proven_at=at,
        market_data_type=1, market_phase=MarketPhase.OPEN, market_data_lines=12,
    )  # fmt: skip
    return replace(base, **values)


class Writer:
    """A poller's hand on one database."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def account(self, account: str = ACCOUNT) -> None:
        """Introduce an account with figures, a share, an option and a living poller."""
        self.store.claim_source(Source.DEMO, account)
        self.flush(
            account, portfolio=portfolio(account),
            positions=(position(stock(), account, quantity=100.0, theta=None), position(put(), account)),
        )  # fmt: skip
        self.status(account)

    def flush(self, account: str = ACCOUNT, **members: Any) -> None:
        self.store.flush(Flush(account, **members))

    def worth(self, amount: float, account: str = ACCOUNT) -> None:
        """A new net liquidation."""
        self.flush(account, portfolio=portfolio(account, net_liquidation=amount))

    def sample(self, ts: datetime, amount: float, account: str = ACCOUNT) -> None:
        value = portfolio(account, net_liquidation=amount, as_of=ts)
        self.flush(account, portfolio_samples=(PortfolioSample(ts, value),))

    def status(self, account: str = ACCOUNT, **values: Any) -> None:
        self.store.write_status(status(account, **values))


@contextmanager
def writer(url: str) -> Iterator[Writer]:
    with connect(url, Role.POLLER, "test", autocommit=True) as conn:
        yield Writer(Store(conn))


@contextmanager
def compared(url: str, account: str = ACCOUNT) -> Iterator[None]:
    """A statement that agrees with what is stored, as long as this lasts."""
    with connect(url, Role.IMPORTER, "test", autocommit=True) as conn:
        found = conn.execute(
            "WITH s AS (INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name,"
            " sections, result) VALUES (%(a)s, 'USD', '2026-01-01', '2026-01-31', now(), 'agrees', 'january.xml', '{}', '{}')"
            " RETURNING id) INSERT INTO reconciliations (statement, account, open_breaks, report)"
            " SELECT id, %(a)s, 0, '{\"breaks\": []}' FROM s RETURNING statement",
            {"a": account},
        ).fetchone()
        try:
            yield
        finally:
            conn.execute("DELETE FROM statements WHERE id = %s", found)
