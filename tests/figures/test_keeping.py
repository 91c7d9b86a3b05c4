"""Figures in the database: computed from what poller and agent wrote, announced, sampled, answered."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from data.book.keeping import Keeper as BookKeeper
from data.control_views import StrategyFigures
from data.db import connect, literal
from data.model import ExecutionKind, Freshness, Role
from data.queries import statement
from data.reads import Reads
from data.strategies.attributing import attribute
from data.strategies.figures.keeping import Keeper
from data.strategies.figures.service import alive
from tests.figures.conftest import Conn
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer


def row(conn: Conn, strategy: str, *columns: str) -> tuple[Any, ...]:
    found = conn.execute(
        f"SELECT {', '.join(columns)} FROM strategy_latest WHERE strategy = %s",
        [strategy],
    ).fetchone()
    assert found is not None, strategy
    return found


def test_strategies_and_the_rest_add_up_to_the_account(agent: Conn, write: Writer, reads: Reads) -> None:
    """The account holds 100 shares that nothing explains, and two short puts of which one is the wheel's."""
    old = samples.now() - timedelta(minutes=5)
    write.flush(
        executions=(samples.execution(1, client_id=1, time=old, commission=Decimal("1.05"), commission_currency="USD"),)
    )
    attribute(agent)
    keeper = Keeper(agent)
    assert keeper.look()
    # Sold at 2.35, now 1.95; fees 1.05.
    assert row(agent, "tg/wheel", "pnl_total", "pnl_day", "premium", "fees", "trades", "positions", "exposure") == (
        pytest.approx(38.95), pytest.approx(38.95), 235.0, 1.05, 1, 1, -195.0,
    )  # fmt: skip
    # The other put from its average cost of 210.50, the shares from theirs.
    rest = (-1 * (195 - 210.5)) + 100 * (1.95 - 210.5)
    assert row(agent, "", "pnl_total", "positions", "trades") == (pytest.approx(rest), 2, 0)
    residual = (
        812.34 - 2 * 5.5
    )  # there is no close: what was held then is worth what the broker's own P&L of the day says
    assert row(agent, "", "residual_day") == (pytest.approx(residual),)
    view = reads.strategies(ACCOUNT)
    wheel = next(item for item in view["items"] if item["name"] == "tg/wheel")
    assert wheel["figures"] is not None
    assert wheel["figures"]["pnl_total"] == pytest.approx(38.95)
    assert view["unattributed"] is not None
    assert view["residual_day"] == pytest.approx(residual)
    assert reads.strategy("tg/wheel", ACCOUNT)["shorts"] == [
        {
            "con_id": 2, "local_symbol": "SPY 270115P500", "symbol": "SPY", "quantity": -1.0, "expiry": "2027-01-15",
            "strike": 500.0, "right": "P",
        }
    ]  # fmt: skip


def test_what_notes_leave_out_is_in_no_count_and_in_all_money(
    agent: Conn, write: Writer, reads: Reads, url18: str
) -> None:
    """Two puts: one bought back at a profit, one at a loss. The second is left out by a note, then by its underlying, then not at all."""
    at = samples.now() - timedelta(days=40)
    told = []
    for number, (contract, bought) in enumerate(((samples.put(), "1"), (samples.put(3, "XYZ", 50.0), "4"))):
        for n, (side, price) in enumerate((("SLD", "2"), ("BOT", bought))):
            told.append(
                samples.execution(
                    10 * number + n, contract, side=side, price=Decimal(price), time=at + timedelta(days=n), client_id=1
                )
            )
    write.flush(executions=tuple(told))
    attribute(agent)
    book, keeper = BookKeeper(agent), Keeper(agent)

    def wheel() -> StrategyFigures:
        book.look()
        keeper.look()
        found = next(item for item in reads.strategies(ACCOUNT)["items"] if item["name"] == "tg/wheel")["figures"]
        assert found is not None
        return found

    def note(subject: str, key: str, excluded: bool) -> None:
        with psycopg.connect(url18) as owner:
            owner.execute(
                "INSERT INTO notes VALUES (%(a)s, %(s)s, %(k)s, '', '{}', %(x)s, 1, 'anna')"
                " ON CONFLICT (account, subject, key) DO UPDATE SET excluded = excluded.excluded",
                {"a": ACCOUNT, "s": subject, "k": key, "x": excluded},
            )
            owner.execute("SELECT notes_changed(%s)", [ACCOUNT])

    def compared() -> tuple[int, float | None, int]:
        first = reads.compare(["tg/wheel", "tg/tail_hedge"], account=ACCOUNT)["items"][0]
        return first["trades"], first["win_rate"], first["left_out"]

    whole = wheel()
    assert (whole["trades"], whole["win_rate"], whole["left_out"], whole["pnl_total"]) == (4, 50.0, 0, -100.0)
    days = [samples.now().date() - timedelta(days=n) for n in (100, 1)]
    for name in ("tg/wheel", "tg/tail_hedge"):
        sampled(agent, name, days)
    assert compared() == (4, 50.0, 0)
    for subject, key in (
        ("round_trip", told[2].base_exec_id),
        ("execution", told[3].base_exec_id),
        ("underlying", "XYZ"),
    ):
        note(subject, key, True)
        without = wheel()
        assert without == whole | {"trades": 2, "win_rate": 100.0, "left_out": 1}
        assert compared() == (2, 100.0, 1)
        note(subject, key, False)
        assert wheel() == whole


def sampled(conn: Conn, strategy: str, days: list[date]) -> None:
    """As at the closes of two days: all of 4 executions between them."""
    rows = [
        {
            "account": ACCOUNT, "strategy": strategy, "ts": f"{day}T17:00:00Z", "as_of": f"{day}T17:00:00Z", "session_date": str(day),
            "currency": "USD", "pnl_total": -100.0 * n, "capital_at_risk": 100.0, "trades": 4 * n, "closed": 2 * n, "wins": n, "positions": 0,
        }
        for n, day in enumerate(days)
    ]  # fmt: skip
    conn.execute(literal(statement("strategy_samples")), {"rows": json.dumps(rows)})


def test_nothing_new_is_not_written_and_news_are_announced(agent: Conn, write: Writer, url18: str) -> None:
    keeper = Keeper(agent)
    assert keeper.look()
    assert not keeper.look()
    with connect(url18, Role.WEB, "listen", autocommit=True) as listener:
        listener.execute("LISTEN mtz")
        write.flush(positions=(samples.position(samples.stock(), quantity=100.0, market_price=2.5),))
        assert keeper.look()
        told = [notify.payload for notify in listener.notifies(timeout=5, stop_after=2)]
    assert any('"topic" : "strategies"' in payload for payload in told)


def test_a_correction_and_a_new_owner_change_figures_from_then_on(agent: Conn, write: Writer) -> None:
    old = samples.now() - timedelta(minutes=5)
    first = samples.execution(1, client_id=1, time=old)
    write.flush(executions=(first,))
    attribute(agent)
    keeper = Keeper(agent)
    keeper.look()
    assert row(agent, "tg/wheel", "premium") == (235.0,)
    write.flush(
        executions=(
            samples.execution(
                1, client_id=1, time=old, revision=2, exec_id=first.base_exec_id + ".02", price=Decimal("3.00")
            ),
        )
    )
    attribute(agent)
    assert keeper.look()
    assert row(agent, "tg/wheel", "premium", "trades") == (300.0, 1)
    write.status()
    assert keeper.sample(alive(agent)) == 2
    agent.execute(
        "INSERT INTO attributions (account, perm_id, strategy, how) VALUES (%s, 4711, 'demo/hedge', 'hand')", [ACCOUNT]
    )
    attribute(agent)
    assert keeper.look()
    assert row(agent, "demo/hedge", "premium") == (300.0,)
    names = {name for (name,) in agent.execute("SELECT strategy FROM strategy_latest").fetchall()}
    assert names == {"", "demo/hedge"}
    # What was sampled before stays.
    assert agent.execute("SELECT premium FROM strategy_snapshots WHERE strategy = 'tg/wheel'").fetchall() == [(300.0,)]


def test_an_unknown_rate_leaves_the_figure_unknown_and_says_why(agent: Conn, write: Writer, reads: Reads) -> None:
    euro = samples.put(7, "SAP", 100.0, "EUR")
    old = samples.now() - timedelta(minutes=5)
    write.flush(executions=(samples.execution(1, euro, client_id=1, time=old, order_ref="tg:tail-hedge:entry"),))
    attribute(agent)
    Keeper(agent).look()
    view = reads.strategies(ACCOUNT)
    hedge = next(item for item in view["items"] if item["name"] == "tg/tail_hedge")
    assert hedge["figures"] is not None
    assert (hedge["figures"]["pnl_total"], hedge["figures"]["premium"]) == (None, None)
    assert hedge["figures"]["reason"] is not None
    assert view["residual_day"] is None


def test_a_fill_whose_position_is_on_the_way_makes_no_residue(agent: Conn, write: Writer) -> None:
    """A new contract is sold: its execution is here, its position and its price are not."""
    new = samples.put(9, "KO", 60.0)
    write.flush(executions=(samples.execution(1, new, client_id=1, time=samples.now(), order_ref="demo:hedge:KO"),))
    attribute(agent)
    Keeper(agent).look()
    assert row(agent, "demo/hedge", "pnl_total", "positions") == (0.0, 1)  # at the price it was sold for
    assert row(agent, "", "positions") == (2,)


def test_an_expiry_without_an_execution(agent: Conn, write: Writer) -> None:
    """The put is gone and nothing said so: the strategy keeps what it sold it for, the other side is unattributed."""
    gone = samples.put(9, "KO", 60.0)
    gone = type(gone)(
        **{**{f: getattr(gone, f) for f in gone.__slots__}, "expiry": (samples.now() - timedelta(days=3)).date()}
    )
    old = samples.now() - timedelta(days=10)
    write.flush(executions=(samples.execution(1, gone, client_id=1, time=old, order_ref="demo:hedge:KO"),))
    attribute(agent)
    keeper = Keeper(agent)
    keeper.look()
    assert row(agent, "demo/hedge", "pnl_total", "reason") == (
        235.0,
        "The price of KO 270115P60 at the previous close is not known.",
    )
    (shares_and_puts,) = row(agent, "", "pnl_total")
    assert shares_and_puts == pytest.approx(-2 * (195 - 210.5) + 100 * (1.95 - 210.5))


def test_samples_are_a_minute_apart_and_only_of_data_that_live(agent: Conn, write: Writer) -> None:
    keeper = Keeper(agent)
    keeper.look()
    now = datetime.now(UTC)
    assert keeper.sample({ACCOUNT: Freshness.STALE}, now) == 0
    assert keeper.sample({ACCOUNT: Freshness.OFFLINE}, now) == 0
    assert keeper.sample({}, now) == 0
    assert keeper.sample({ACCOUNT: Freshness.LIVE}, now) == 1
    assert keeper.sample({ACCOUNT: Freshness.LIVE}, now + timedelta(seconds=30)) == 0
    assert keeper.sample({ACCOUNT: Freshness.DELAYED}, now + timedelta(seconds=60)) == 1
    # Of a closed market only what changed.
    assert keeper.sample({ACCOUNT: Freshness.CLOSED}, now + timedelta(seconds=120)) == 0
    write.flush(positions=(samples.position(samples.stock(), quantity=100.0, market_price=2.5),))
    keeper.look()
    assert keeper.sample({ACCOUNT: Freshness.CLOSED}, now + timedelta(seconds=180)) == 1


def test_only_the_agent_writes_figures(url18: str, write: Writer) -> None:
    del write
    for role in (Role.WEB, Role.POLLER):
        with connect(url18, role, "test") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("INSERT INTO strategy_latest (account, strategy, session_date, trades, closed, wins, positions)"
                         " VALUES (%s, 'x', '2026-11-25', 0, 0, 0, 0)", [ACCOUNT])  # fmt: skip


def test_a_combination_is_counted_once(agent: Conn, write: Writer) -> None:
    old = samples.now() - timedelta(minutes=5)
    bag: dict[str, Any] = {"client_id": 1, "time": old, "perm_id": 5, "order_ref": "demo:hedge:KO"}
    one, other = samples.put(11, "KO", 55.0), samples.put(12, "KO", 60.0)
    write.flush(
        executions=(
            samples.execution(1, one, kind=ExecutionKind.COMBO, price=Decimal("-1.00"), side="BOT", **bag),
            samples.execution(2, one, price=Decimal("1.00"), side="BOT", **bag),
            samples.execution(3, other, price=Decimal("2.00"), side="SLD", **bag),
        ),
        positions=(
            samples.position(one, quantity=1.0, market_price=1.0),
            samples.position(other, quantity=-1.0, market_price=2.0),
        ),
    )
    attribute(agent)
    Keeper(agent).look()
    assert row(agent, "demo/hedge", "premium", "pnl_total", "trades", "positions") == (100.0, 0.0, 2, 2)


def test_a_position_from_before_anybody_looked_that_is_closed(agent: Conn, write: Writer) -> None:
    """Only its end is known: who closed it neither won nor lost by it, but paid the commission."""
    unseen = samples.put(9, "KO", 60.0)
    old = samples.now() - timedelta(minutes=5)
    closing: dict[str, Any] = {"side": "BOT", "time": old, "order_ref": "demo:hedge:KO", "commission": Decimal("1.05")}
    write.flush(executions=(samples.execution(1, unseen, client_id=1, commission_currency="USD", **closing),))
    attribute(agent)
    Keeper(agent).look()
    assert row(agent, "demo/hedge", "pnl_total", "pnl_day", "reason") == (-1.05, -1.05, None)
    assert row(agent, "demo/hedge", "positions", "exposure", "capital_at_risk", "premium") == (0, 0.0, 0.0, -235.0)
    assert row(agent, "", "reason") == (None,)


def test_income_is_told_apart(agent: Conn, write: Writer, url18: str) -> None:
    """Dividends, interest and fees of the account are no strategy's, and no residual either."""
    Keeper(agent).look()
    (before,) = row(agent, "", "residual_total")
    with connect(url18, Role.OWNER, "test") as owner:
        owner.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source) "
            "SELECT %s, kind, now(), current_date, kind, amount, 'USD', amount, 'manual' "
            "  FROM (VALUES ('dividend', 12.5), ('fee', -2), ('deposit', 1000)) AS v (kind, amount)",
            [ACCOUNT],
        )
    Keeper(agent).look()
    income, residual = row(agent, "", "income_total", "residual_total")
    assert income == 10.5
    assert residual == pytest.approx(before - 1010.5)
