"""The read model on real databases, 15 and 18: shapes, numbers, paging, the cache and its invalidation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_type_hints

import psycopg
import pytest
from sqlalchemy import event

from data import control_views, cursor, views
from data.book.keeping import Keeper
from data.db import connect, make_engine
from data.model import ExecutionKind, GatewayState, Role, Topic
from data.reads import Reads, UnknownAccount
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


@pytest.fixture
def write(database_url: str) -> Iterator[Writer]:
    with samples.writer(database_url) as found:
        yield found


def card(reads: Reads, key: str) -> views.MetricView:
    return next(item for item in reads.summary(ACCOUNT)["items"] if item["key"] == key)


def test_an_empty_database_has_no_account_and_says_so(reads: Reads) -> None:
    assert reads.accounts() == []
    assert reads.source() is None
    for ask in (reads.portfolio, reads.positions, reads.trades, reads.summary, reads.health):
        with pytest.raises(UnknownAccount):
            ask(ACCOUNT)


def test_every_answer_has_the_shape_that_is_promised(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(executions=(samples.execution(1),))
    for answer, shape in (
        (reads.portfolio(ACCOUNT), views.PortfolioView),
        (reads.positions(ACCOUNT), views.PositionsView),
        (reads.positions(ACCOUNT)["items"][0], views.PositionView),
        (reads.trades(ACCOUNT), views.TradesView),
        (reads.trades(ACCOUNT)["items"][0], views.TradeView),
        (reads.summary(ACCOUNT), views.SummaryView),
        (reads.health(ACCOUNT), views.HealthView),
        (reads.strategies(), control_views.StrategiesView),
    ):
        assert list(answer) == list(get_type_hints(shape)), shape.__name__


def test_what_was_written_is_what_is_read(reads: Reads, write: Writer) -> None:
    write.account()
    view = reads.portfolio(ACCOUNT)
    assert view["source"] == "demo"
    assert (view["net_liquidation"], view["cushion"], view["currency"]) == (104_321.12, 0.3738, "USD")
    assert view["freshness"] == "live"
    assert view["as_of"] is not None
    assert view["as_of"].endswith("Z")
    share, option = reads.positions(ACCOUNT)["items"]
    assert (share["symbol"], share["sec_type"], share["theta"]) == ("SPY", "STK", None)
    assert (option["expiry"], option["strike"], option["right"], option["multiplier"]) == (
        "2027-01-15",
        500.0,
        "P",
        100,
    )


def test_unknown_is_null_never_zero(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(portfolio=samples.portfolio(cash=None, daily_pnl=None, net_liquidation=None, cushion=float("nan")))
    view = reads.portfolio(ACCOUNT)
    assert [view[key] for key in ("cash", "daily_pnl", "daily_pnl_pct", "total_pnl", "cushion")] == [None] * 5  # type: ignore[literal-required]
    assert view["total_pnl_since"] is None
    assert card(reads, "cash")["reason"] is not None


def test_total_pnl_counts_from_the_baseline(reads: Reads, write: Writer) -> None:
    write.account()
    write.worth(104_321.12 + 500)
    view = reads.portfolio(ACCOUNT)
    assert view["total_pnl"] == pytest.approx(500)
    assert view["total_pnl_since"] is not None
    assert view["total_pnl_since"][:10] in card(reads, "total_pnl")["rule"]


def test_total_pnl_takes_out_what_was_deposited(reads: Reads, write: Writer, database_url: str) -> None:
    write.account()
    flow = (
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source) "
        "VALUES (%s, %s, now() + interval '1 hour' * %s, current_date, %s, %s, 'USD', %s, 'statement')"
    )
    with connect(database_url, Role.IMPORTER, "test", autocommit=True) as conn:
        conn.execute(flow, [ACCOUNT, "first", -2, "deposit", 104_321.12, 104_321.12])  # is in the baseline
        conn.execute(flow, [ACCOUNT, "more", 1, "deposit", 300, 300])
        conn.execute(flow, [ACCOUNT, "less", 2, "withdrawal", -50, -50])
        conn.execute(flow, [ACCOUNT, "income", 2, "dividend", 7, 7])  # is a profit
        write.worth(104_321.12 + 500)
        assert reads.portfolio(ACCOUNT)["total_pnl"] == pytest.approx(250)
        conn.execute(flow, [ACCOUNT, "foreign", 3, "deposit", 10, None])
        write.worth(104_321.12 + 501)
    assert reads.portfolio(ACCOUNT)["total_pnl"] is None
    assert "no exchange rate" in (card(reads, "total_pnl")["reason"] or "")


def test_daily_percent_is_of_the_previous_days_equity(reads: Reads, write: Writer, database_url: str) -> None:
    write.account()
    # Without a sample of the previous session: net liquidation minus the day's P&L.
    assert reads.portfolio(ACCOUNT)["daily_pnl_pct"] == pytest.approx(100 * 812.34 / (104_321.12 - 812.34), abs=1e-5)
    with connect(database_url, Role.WEB, "test") as conn:
        closes = conn.execute(
            "SELECT closes FROM market_sessions WHERE session_date < session_date_of(now()) ORDER BY 1 DESC LIMIT 3"
        ).fetchall()
    write.sample(closes[1][0] - timedelta(minutes=5), 77_000)  # a session too early: not the previous day
    assert reads.portfolio(ACCOUNT)["daily_pnl_pct"] == pytest.approx(0.784803, abs=1e-5)
    write.sample(closes[0][0] - timedelta(minutes=5), 100_000)
    assert reads.portfolio(ACCOUNT)["daily_pnl_pct"] == pytest.approx(0.81234)


def test_the_ten_cards(reads: Reads, write: Writer) -> None:
    write.account()
    items = reads.summary(ACCOUNT)["items"]
    assert [item["key"] for item in items] == [
        "net_liquidation", "daily_pnl", "total_pnl", "win_rate", "active_strategies",
        "cash", "buying_power", "cushion", "theta_per_day", "premium_month",
    ]  # fmt: skip
    for item in items:
        assert item["source"]
        assert item["rule"].endswith(".")
        assert (item["value"] is None) == bool(item["reason"]), item["key"]
    assert card(reads, "daily_pnl")["change"] == reads.portfolio(ACCOUNT)["daily_pnl_pct"]
    assert card(reads, "theta_per_day")["value"] == pytest.approx(-0.08 * -2 * 100)


def test_theta_says_how_many_positions_it_knows(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(positions=(samples.position(samples.put(3, strike=490), theta=None),))
    assert "1 of 2 have Greeks" in card(reads, "theta_per_day")["rule"]


def test_the_months_premium(reads: Reads, write: Writer, database_url: str) -> None:
    """Of short options alone, less their buy-backs, once the book is folded."""
    write.account()
    assert card(reads, "premium_month")["value"] is None
    long, at = samples.put(8, strike=480), samples.now() - timedelta(minutes=2)
    write.flush(
        executions=(
            samples.execution(1, quantity=Decimal(3), time=at),  # + 3 × 2.35 × 100
            samples.execution(2, side="BOT", price=Decimal("0.35"), quantity=Decimal(2)),  # − 2 × 0.35 × 100
            samples.execution(3, samples.stock()),  # a share is no premium
            samples.execution(4, kind=ExecutionKind.COMBO),  # its legs carry the money
            samples.execution(5, kind=ExecutionKind.ASSIGNMENT, side="BOT", price=Decimal(0)),
            samples.execution(6, samples.put(9, "DBK", 15, "EUR")),  # another currency
            samples.execution(7, samples.put(7, strike=470), time=samples.now() - timedelta(days=40)),  # another month
            samples.execution(8, long, side="BOT"),  # a long option's sale is no premium
            samples.execution(9, long, price=Decimal("9.00")),
        )
    )
    with connect(database_url, Role.AGENT, "test", autocommit=True) as agent:
        keeper = Keeper(agent)
        keeper.look()
        assert card(reads, "premium_month")["value"] == pytest.approx(705 - 70)
        corrected = samples.execution(1, quantity=Decimal(3), price=Decimal("2.00"), revision=2, time=at)
        write.flush(executions=(corrected,))
        keeper.look()
    assert card(reads, "premium_month")["value"] == pytest.approx(600 - 70)


def test_positions_since_a_revision(reads: Reads, write: Writer) -> None:
    write.account()
    reads.follow()
    first = reads.positions(ACCOUNT)
    assert first["full"]
    write.flush(positions=(samples.position(samples.put(), market_price=2.5),), removed=(1,))
    reads.heard(ACCOUNT, "positions", first["revision"] + 1)
    change = reads.positions(ACCOUNT, first["revision"])
    assert not change["full"]
    assert [item["market_price"] for item in change["items"]] == [2.5]
    assert change["removed"] == [1]
    assert [item["con_id"] for item in reads.positions(ACCOUNT)["items"]] == [2]
    # One that comes later lands in its place, and one that comes back is no longer gone.
    write.flush(positions=(samples.position(samples.stock(), quantity=5.0),))
    reads.heard(ACCOUNT, "positions", first["revision"] + 2)
    assert [item["con_id"] for item in reads.positions(ACCOUNT)["items"]] == [1, 2]
    assert reads.positions(ACCOUNT, first["revision"])["removed"] == []
    assert reads.positions(ACCOUNT, 0)["full"]  # from before this process's memory
    assert reads.positions(ACCOUNT, 10**9)["full"]  # from another database's future


def test_a_merged_list_is_the_list_that_is_stored(reads: Reads, write: Writer, database_url: str) -> None:
    write.account()
    reads.follow()
    reads.positions(ACCOUNT)
    for step in range(12):
        contract = samples.put(2 + step % 4, strike=480 + 10 * (step % 4))
        write.flush(
            positions=(samples.position(contract, market_price=float(step)),), removed=(2,) if step == 7 else ()
        )
        reads.refresh()
        other = Reads(reads.engine, database_url)
        assert reads.positions(ACCOUNT) == other.positions(ACCOUNT), step


def test_trades_page_by_page_without_gap_or_double(reads: Reads, write: Writer) -> None:
    write.account()
    at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    # Ten share one instant: the id decides between them.
    write.flush(executions=tuple(samples.execution(n, time=at + timedelta(seconds=max(0, n - 10))) for n in range(25)))
    seen: list[int] = []
    before = None
    while True:
        page = reads.trades(ACCOUNT, 7, before)
        seen += [item["id"] for item in page["items"]]
        before = page["next_before"]
        if before is None:
            break
    whole = [item["id"] for item in reads.trades(ACCOUNT, 1000)["items"]]
    assert seen == whole
    assert len(set(seen)) == 25
    assert whole[0] == max(whole)


def test_a_page_that_ends_exactly_has_no_next(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(executions=(samples.execution(1), samples.execution(2)))
    assert reads.trades(ACCOUNT, 2)["next_before"] is None
    assert reads.trades(ACCOUNT, 1)["next_before"] is not None


def test_limits_of_a_page(reads: Reads, write: Writer) -> None:
    write.account()
    for limit in (0, -1, 1001):
        with pytest.raises(ValueError, match="within 1 and 1000"):
            reads.trades(ACCOUNT, limit)
    with pytest.raises(cursor.BadCursor):
        reads.trades(ACCOUNT, 1, "nonsense")


def test_a_correction_replaces_and_is_counted(reads: Reads, write: Writer) -> None:
    write.account()
    write.flush(executions=(samples.execution(1),))
    (first,) = reads.trades(ACCOUNT)["items"]
    assert (first["correction"], first["commission"]) == (0, None)
    write.flush(
        executions=(samples.execution(1, revision=2, exec_id="0000e0d5.00000001.01.02", price=Decimal("2.30")),)
    )
    (second,) = reads.trades(ACCOUNT)["items"]
    assert (second["correction"], second["price"]) == (1, 2.30)


def test_trades_since_misses_none(reads: Reads, write: Writer) -> None:
    write.account()
    revision, news = reads.trades_since(ACCOUNT, 0)
    assert news == []
    write.flush(executions=(samples.execution(1), samples.execution(2)))
    write.flush(executions=(samples.execution(3),))
    after, news = reads.trades_since(ACCOUNT, revision)
    assert [written - revision for written, _ in news] == [1, 1, 2]
    write.flush(executions=(samples.execution(1, commission=Decimal("1.05"), commission_currency="USD"),))
    _, news = reads.trades_since(ACCOUNT, after)
    assert [(trade["exec_id"][9:17], trade["commission"]) for _, trade in news] == [("00000001", 1.05)]


def test_a_dead_poller_is_seen_though_it_says_nothing(reads: Reads, write: Writer) -> None:
    write.account()
    reads.follow()
    assert reads.portfolio(ACCOUNT)["freshness"] == "live"
    write.status(heartbeat_at=samples.now() - timedelta(seconds=30))  # no NOTIFY: a heartbeat is no news
    reads.refresh()
    view = reads.portfolio(ACCOUNT)
    assert (view["freshness"], view["gateway_state"]) == ("offline", "unknown")
    assert "poller" in (view["gateway_reason"] or "")
    assert reads.health(ACCOUNT)["poller"]["state"] == "not_running"


def test_the_gateways_reason_is_told(reads: Reads, write: Writer) -> None:
    write.account()
    write.status(gateway_state=GatewayState.WAITING_FOR_LOGIN)
    view = reads.portfolio(ACCOUNT)
    assert (view["freshness"], view["gateway_state"]) == ("offline", "waiting_for_login")
    assert "second factor" in (view["gateway_reason"] or "")


class Statements:
    """Which named queries reached the database."""

    def __init__(self, reads: Reads) -> None:
        self.seen: list[str] = []
        event.listen(reads.engine, "before_cursor_execute", self._note)

    def _note(self, conn: object, cursor: object, text: str, *more: object) -> None:
        if not text.startswith("SET "):
            self.seen.append(text)

    def of(self, word: str) -> int:
        return sum(word in text for text in self.seen)


def test_rows_are_cached_until_a_revision_is_heard(reads: Reads, write: Writer) -> None:
    write.account()
    reads.follow()
    statements = Statements(reads)
    for _ in range(3):
        reads.portfolio(ACCOUNT)
        reads.positions(ACCOUNT)
        reads.trades(ACCOUNT)
        reads.summary(ACCOUNT)
    assert len(statements.seen) == 10  # five of them of strategies
    write.worth(1.0)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 104_321.12  # not heard of yet
    reads.heard(ACCOUNT, Topic.PORTFOLIO, 2)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 1.0
    assert len(statements.seen) == 11


def test_without_a_listener_every_answer_is_read(reads: Reads, write: Writer) -> None:
    write.account()
    reads.follow()
    reads.portfolio(ACCOUNT)
    reads.unfollow()
    write.worth(2.0)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 2.0
    write.worth(3.0)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 3.0
    write.worth(4.0)
    reads.follow()  # what was cached before is not trusted
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 4.0


def test_rows_read_before_a_notify_never_pass_for_newer(reads: Reads, write: Writer) -> None:
    """A read that began before the commit and ends after the NOTIFY must not stay in the cache."""
    write.account()
    reads.follow()
    done = False

    def commit_meanwhile(conn: object, cursor: object, text: str, *more: object) -> None:
        nonlocal done
        if "portfolio_latest" in text and not done:
            done = True
            write.worth(7.0)
            reads.heard(ACCOUNT, Topic.PORTFOLIO, 2)

    event.listen(reads.engine, "after_cursor_execute", commit_meanwhile)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 104_321.12  # the snapshot it read
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 7.0


def test_a_lost_connection_is_replaced(reads: Reads, write: Writer, database_url: str) -> None:
    write.account()
    reads.portfolio(ACCOUNT)
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with samples.writer(database_url) as again:
        again.worth(5.0)
    assert reads.portfolio(ACCOUNT)["net_liquidation"] == 5.0


def test_a_position_is_of_its_open_round_trip(reads: Reads, write: Writer, database_url: str) -> None:
    write.account()
    with connect(database_url, Role.AGENT, "test", autocommit=True) as conn:
        conn.execute("INSERT INTO strategies (name) VALUES ('bot/wheel'), ('bot/old')")
        for trip, strategy, opened, closed in (
            ("a", "bot/old", "2026-01-02 15:00Z", "2026-01-05 15:00Z"),
            ("b", "bot/wheel", "2026-01-06 15:00Z", None),
        ):
            conn.execute(
                "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, closed, quantity, peak, gross, fees,"
                " carried, strategy, cycle, executions) VALUES (%s, %s, 2, -1, %s, '2026-01-06', %s, -2, 2, 1, 0, 0, %s, 'b', '{}')",
                [ACCOUNT, trip, opened, closed, strategy],
            )
    share, put = reads.positions(ACCOUNT)["items"]
    assert (share["strategy"], share["cycle"], share["stage"]) == (None, None, None)
    assert (put["strategy"], put["cycle"], put["stage"]) == ("bot/wheel", "b", None)  # its cycle isn't folded yet


def test_days_to_expiry_are_new_at_midnight_in_new_york(reads: Reads, write: Writer) -> None:
    write.account()
    moment = datetime(2027, 1, 15, 4, 59, tzinfo=UTC)  # 23:59 of the 14th in New York
    reads.clock = lambda: moment
    reads.follow()
    before = reads.positions(ACCOUNT)["items"][1]["dte"]
    moment += timedelta(minutes=2)
    reads.refresh()
    assert (before, reads.positions(ACCOUNT)["items"][1]["dte"]) == (1, 0)
