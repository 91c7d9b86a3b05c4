"""THE read model: one method a question, each backed by a named query; REST, `/ws` and the page all answer from here.

Rows are cached by revision while somebody listens for revisions (:meth:`Reads.follow`, :meth:`Reads.heard`); without a
listener every answer is read. Age and freshness are computed for each answer from the clock and never cached. While the
database is away the last known rows are served, marked offline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from psycopg import errors
from sqlalchemy import Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from data import board as boards
from data import rows
from data.analytics import dividends
from data.analytics.positions import NEW_YORK
from data.board import AccountState, Board
from data.book_reads import BookReads
from data.book_views import CyclesView
from data.commands import UnknownStrategyError
from data.control_views import CompareView, DecisionsView, StrategiesView, StrategyDetailView
from data.db import explain
from data.freshness import Assessment
from data.history import History
from data.made_of import MadeOf
from data.model import Topic
from data.positions import PositionRows, positions_view
from data.queries import query
from data.reconciliation_reads import ReconciliationReads
from data.risk_rows import RiskRows
from data.risk_views import RISK_DEFAULTS, RiskOptions
from data.strategy_ledger import StrategyLedger, shorts
from data.strategy_reads import StrategyReads, StrategyRows
from data.summary import Premium, Trading, cards
from data.trade_filter import EVERYTHING, LATEST, Sorting, State, Wanted
from data.trade_reads import TradeReads
from data.views import (
    HealthView,
    PortfolioView,
    PositionsView,
    SourceName,
    SummaryView,
    TradesView,
    TradeView,
)

BOARD_LIMIT = timedelta(seconds=3)  # the hub reads it once a second: older means that the database doesn't answer
CACHED_PAGES = 8
# What a filter doesn't name costs nothing only where the planner knows its values: a plan that is kept for all of them would try each
# condition on every row.
PLANNED_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")

PORTFOLIO_NUMBERS = (
    "net_liquidation", "cash", "available_funds", "buying_power", "excess_liquidity", "initial_margin",
    "maintenance_margin", "cushion", "gross_position_value", "daily_pnl", "unrealized_pnl", "realized_pnl",
)  # fmt: skip

BROKERS_MARGIN = (
    "post_expiration_margin", "post_expiration_excess", "look_ahead_initial_margin", "look_ahead_maintenance_margin",
    "look_ahead_available_funds", "look_ahead_excess_liquidity",
)  # fmt: skip


class UnknownAccount(LookupError):  # noqa: N818 - what it is called everywhere
    """There is no such account; `accounts` are those that exist."""

    def __init__(self, accounts: list[str]) -> None:
        self.accounts = accounts
        super().__init__(f"There is no such account; there is {', '.join(accounts) or 'none yet'}.")


class DatabaseAway(Exception):  # noqa: N818
    """The database can't be read and nothing is known that could be served; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """An account's figures without what only the clock can say. `figures` are the view's members."""

    revision: int
    epoch: int
    currency: str | None
    as_of: datetime | None
    figures: dict[str, float | None]
    total_pnl_since: str | None
    suspected_transfers: float  # left out of total P&L
    margin: dict[str, float | str | None]  # the broker's, to come: of BROKERS_MARGIN, and its next change


@dataclass(frozen=True, slots=True)
class TradeRows:
    revision: int
    epoch: int
    view: TradesView


@dataclass(frozen=True, slots=True)
class WinRow:
    """How many roll chains are closed and made money."""

    revision: int
    epoch: int
    wins: int
    closed: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class PremiumRow:
    revision: int
    epoch: int
    valid_until: datetime | None
    premium: Premium


def utc_now() -> datetime:
    return datetime.now(UTC)


class Reads:
    """The read model over `engine`. Safe for threads and greenlets.

    Every method raises :class:`DatabaseAway` when the database is away and nothing is known yet, and, where it takes an
    account, :class:`UnknownAccount`.
    """

    def __init__(
        self,
        engine: Engine,
        url: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        risk_free_pct: float = 0.0,
        has_portfolio_margin: bool = False,
        risk: RiskOptions = RISK_DEFAULTS,
    ) -> None:
        """`url` is only for saying which database can't be read; `risk_free_pct` is a year's, for Sharpe ratios;
        `has_portfolio_margin`: no figure is on Regulation T's margin."""
        self.engine = engine
        self.clock = clock
        self._url = url
        self._board: Board | None = None
        self._away: str | None = None
        self._watched = False  # somebody refreshes the board once a second
        self._listening = False  # somebody hears every NOTIFY: rows may be cached
        self._epoch = 0  # moves when listening begins: what was cached before is read again
        self._known: dict[tuple[str, str], int] = {}
        self._rows: dict[tuple[Any, ...], Any] = {}
        self._locks: dict[tuple[Any, ...], threading.RLock] = {}
        self.history = History(self._fetch, self._state, clock)
        self.agreement = ReconciliationReads(self._fetch, self._state)
        self.risk = RiskRows(self._fetch, self._state, clock, risk)
        self._strategies = StrategyReads(self._fetch, self.history.trading_days, clock)
        self._book = BookReads(self._fetch, clock, has_portfolio_margin)
        self.trading = TradeReads(self._fetch, self._state)
        self.made_of = MadeOf(self._fetch, self._state, lambda: self.history.trading_days().date_of(self.clock()))
        self._ledger = StrategyLedger(self._fetch, clock, risk_free_pct)

    # -- following: the hub tells what it hears --------------------------------------------------------------------

    def follow(self) -> Board:
        """LISTEN stands: from now on rows are cached. Call before the first :meth:`heard`; raises DatabaseAway."""
        self._epoch += 1
        self._known.clear()
        board = self.refresh()
        self._watched = self._listening = True
        return board

    def unfollow(self) -> None:
        """LISTEN is lost: the cache is bypassed until :meth:`follow`."""
        self._listening = False

    def heard(self, account: str, topic: str, revision: int) -> None:
        """A NOTIFY: rows of an older revision are no longer served."""
        key = (account, topic)
        self._known[key] = max(revision, self._known.get(key, 0))

    def refresh(self) -> Board:
        """Read the board anew. Raises DatabaseAway."""
        found = self._fetch("board")
        accounts = [boards.account_state(row) for row in found]
        source: SourceName | None = accounts[0].source if accounts else None
        if source is None:
            source = next((row["source"] for row in self._fetch("source")), None)
        board = Board(self.clock(), source, {state.account: state for state in accounts})
        for state in accounts:
            for topic, revision in state.revisions.items():
                self.heard(state.account, topic, revision)
        self._board = board
        return board

    def watched(self) -> None:
        """Somebody calls :meth:`refresh` once a second from now on."""
        self._watched = True

    # -- the questions ---------------------------------------------------------------------------------------------

    def accounts(self) -> list[str]:
        """Every account, the longest known first."""
        return list(self._known_board().accounts)

    def source(self) -> SourceName | None:
        """Whose numbers these are; None until a gateway has said which account it is, or when that can't be read."""
        try:
            return self._known_board().source
        except DatabaseAway:
            return None

    def portfolio(self, account: str) -> PortfolioView:
        row, state, seen = self.portfolio_row(account)
        return self.portfolio_view(row, state, seen)

    def portfolio_row(self, account: str) -> tuple[PortfolioRow, AccountState, Assessment]:
        """What :meth:`portfolio_view` is made of, for who encodes the same row many times."""
        state = self._state(account)
        row: PortfolioRow = self._cached((Topic.PORTFOLIO, account), account, Topic.PORTFOLIO, self._load_portfolio)
        return row, state, self.judge(state)

    def portfolio_view(self, row: PortfolioRow, state: AccountState, seen: Assessment) -> PortfolioView:
        link, reason = boards.gateway(state, self.clock(), self.away())
        phase = state.status.market_phase if state.status else None
        view: dict[str, Any] = {
            "account": state.account,
            "source": state.source,
            "currency": row.currency,
            "as_of": rows.iso(row.as_of),
            "freshness": seen.freshness.value,
            "gateway_state": link,
            "gateway_reason": reason,
            "market_phase": phase.value if phase else None,
            **row.figures,
            "total_pnl_since": row.total_pnl_since,
            "suspected_transfers": row.suspected_transfers,
        }
        return view  # type: ignore[return-value]

    def positions(self, account: str, since: int | None = None) -> PositionsView:
        """All held contracts, or with `since` those that changed after that revision and what is gone.

        `full` tells which: who asks for changes from before this process's memory gets the whole list.
        """
        return positions_view(account, self.position_rows(account), since)

    def position_rows(self, account: str) -> PositionRows:
        self._state(account)
        known: PositionRows | None = self._rows.get((Topic.POSITIONS, account))
        if known is not None and known.day != self._today() and self.away() is None:
            self._rows.pop((Topic.POSITIONS, account), None)  # every row's days to expiry are others
        found: PositionRows = self._cached((Topic.POSITIONS, account), account, Topic.POSITIONS, self._load_positions)
        return found

    def _today(self) -> date:
        return self.clock().astimezone(NEW_YORK).date()

    def trades(
        self, account: str, limit: int = 50, before: str | None = None, wanted: Wanted = EVERYTHING,
        sorting: Sorting = LATEST, offset: int | None = None,
    ) -> TradesView:  # fmt: skip
        """Effective executions within a filter, in one order; `before` is the `next_before` of the page before. Raises as
        :class:`TradeReads`."""
        if (before, offset, wanted, sorting) != (None, None, EVERYTHING, LATEST):
            return self.trading.executions(account, wanted, sorting, limit, before, offset)
        self._state(account)
        key = (Topic.TRADES, account, limit)
        pages = [known for known in self._rows if known[0] is Topic.TRADES]
        if key not in self._rows and len(pages) >= CACHED_PAGES:
            self._rows.pop(pages[0], None)
        found: TradeRows = self._cached(key, account, Topic.TRADES, lambda a: self._load_trades(a, limit))
        return found.view

    def cycles(
        self,
        account: str,
        symbol: str | None = None,
        strategy: str | None = None,
        state: State = "all",
        limit: int = 50,
        before: str | None = None,
    ) -> CyclesView:
        """A page of wheel cycles, newest first; None: whatever. Raises as :class:`BookReads`."""
        self._state(account)
        return self._book.cycles(account, symbol, strategy, state, limit, before)

    def cycle_fills(self, account: str, cycle: str) -> list[Any]:
        """Rows of the query `cycle_fills`; none: there is no such cycle."""
        self._state(account)
        return self._fetch("cycle_fills", account=account, cycle=cycle)

    def daily_closes(self, symbol: str, currency: str, since: date, until: date) -> dict[date, float]:
        """The stored closes of a stock or fund, both days included, oldest first."""
        found = self._fetch("daily_closes", symbol=symbol, currency=currency, from_day=since, to_day=until)
        return {row["session_date"]: row["close"] for row in found}

    def dividends(
        self, account: str, symbol: str, currency: str, since: date, until: date
    ) -> tuple[dict[date, float], bool]:
        """Dividends per share by ex-date that are known, and whether they are all there were."""
        found = self._fetch("dividends_paid", account=account, symbol=symbol, currency=currency)
        paid = {row["ex_date"]: float(row["amount"]) for row in found}
        is_whole = dividends.are_all(paid, self.risk.next_dividend(symbol, currency), since, until)
        return {day: amount for day, amount in paid.items() if since <= day <= until}, is_whole

    def trades_since(self, account: str, revision: int) -> tuple[int, list[tuple[int, TradeView]]]:
        """The trades revision now, and the effective executions written or corrected after `revision` in that order,
        each with the revision that wrote it. Never cached."""
        self._state(account)
        found = self._fetch("trades_since", account=account, since=revision)
        return found[0]["revision"], [(row["changed_revision"], rows.trade(row)) for row in found if row["id"]]

    def summary(self, account: str) -> SummaryView:
        """The ten cards of the Overview, in order."""
        row, _, seen = self.portfolio_row(account)
        found = self.position_rows(account)
        key = ("premium", account)
        known: PremiumRow | None = self._rows.get(key)
        if known and known.valid_until and self.clock() >= known.valid_until and self.away() is None:
            self._rows.pop(key, None)
        premium: PremiumRow = self._cached(key, account, Topic.STRATEGIES, self._load_premium)
        return {
            "account": account,
            "currency": row.currency,
            "as_of": rows.iso(row.as_of),
            "freshness": seen.freshness.value,
            "items": cards(
                row.figures, rows.iso(row.as_of), row.currency, row.total_pnl_since,
                list(found.items.values()), rows.iso(found.as_of), premium.premium, self._trading(account),
                row.suspected_transfers,
            ),
        }  # fmt: skip

    def _trading(self, account: str) -> Trading:
        _, found = self._strategy_rows(account)
        listed = self._strategies.listed(found)
        wins: WinRow = self._cached(("win_rate", account), account, Topic.STRATEGIES, self._load_wins)
        return Trading(
            active=sum(desired == "active" and state not in ("silent", "late") for desired, state in listed),
            listed=len(listed),
            wins=wins.wins,
            closed=wins.closed,
            as_of=rows.iso(wins.as_of),
        )

    def health(self, account: str) -> HealthView:
        """Every part of the path from the broker to here, with its state and age."""
        state = self._state(account)
        board = self._board
        assert board is not None  # _state read it
        return boards.health(state, board, self.clock(), self.away())

    def strategies(self, account: str | None = None) -> StrategiesView:
        """Every strategy with its state, and what it earned in `account`; None is the one that is known longest."""
        account, found = self._strategy_rows(account)
        away = self.away() if account else None
        try:
            return self._strategies.view(account, found, away)
        except DatabaseAway as error:  # only now: what is known stays
            return self._strategies.view(account, found, str(error))

    def strategy(self, name: str, account: str | None = None) -> StrategyDetailView:
        """One strategy, with its closes of a year, its open shorts and its bot's runs. Raises UnknownStrategyError."""
        view = self.strategies(account)
        items = {item["name"]: item for item in view["items"]}
        if name not in items:
            raise UnknownStrategyError(
                f"There is no such strategy; there is {', '.join(sorted(items)[:20]) or 'none yet'}."
            )
        _, found = self._strategy_rows(view["account"])
        return {
            "account": view["account"],
            "strategy": items[name],
            "shorts": shorts(found.figures.get(name)),
            "history": self._ledger.history(view["account"], name) if view["account"] else [],
            "runs": self._ledger.runs(items[name]["bot"]),
            "agent": view["agent"],
        }

    def decisions(
        self,
        account: str | None = None,
        strategy: str | None = None,
        symbol: str | None = None,
        kind: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> DecisionsView:
        """A page of the decision ledger, newest first; None: whatever. Raises as :meth:`StrategyLedger.decisions`."""
        if account is not None:
            self._state(account)
        return self._ledger.decisions(account, strategy, symbol, kind, limit, before)

    def compare(
        self, names: Sequence[str], since: date | None = None, until: date | None = None, account: str | None = None
    ) -> CompareView:
        """Two to four strategies side by side. Raises as :meth:`StrategyLedger.compare`."""
        account, found = self._strategy_rows(account)
        worth = self.portfolio_row(account)[0].figures["net_liquidation"] if account else None
        shares = {row["name"]: rows.number(row["allocation"]) for row in found.strategies}
        allocated = {name: share * worth if share and worth else None for name, share in shares.items()}
        without = {name: row["left_out"] for name, row in found.figures.items()}
        return self._ledger.compare(account, allocated, without, names, since, until)

    def _strategy_rows(self, account: str | None) -> tuple[str | None, StrategyRows]:
        if account is None:
            account = next(iter(self._known_board().accounts), None)
        else:
            self._state(account)
        if account is None:
            return None, self._strategies.load("", self._epoch)
        key = (Topic.STRATEGIES, account)
        found: StrategyRows = self._cached(
            key, account, Topic.STRATEGIES, lambda a: self._strategies.load(a, self._epoch)
        )
        return account, found

    # -- what is known of the database itself ------------------------------------------------------------------------

    def away(self) -> str | None:
        """Why the database can't be read, None when it can: one sentence."""
        if self._away is not None:
            return self._away
        if self._watched and self._board is not None and self.clock() - self._board.read_at > BOARD_LIMIT:
            return "The database doesn't answer; these are the last known values."
        return None

    def board(self) -> Board | None:
        """The board as last read, however old; None when it never was."""
        return self._board

    def judge(self, state: AccountState) -> Assessment:
        return boards.judge(state, self.clock(), self.away())

    # -- loading -----------------------------------------------------------------------------------------------------

    def _known_board(self) -> Board:
        if self._watched and self._board is not None:
            return self._board
        try:
            return self.refresh()
        except DatabaseAway:
            if self._board is None:
                raise
            return self._board

    def _state(self, account: str) -> AccountState:
        board = self._known_board()
        try:
            return board.accounts[account]
        except KeyError:
            raise UnknownAccount(list(board.accounts)) from None

    def _cached(self, key: tuple[Any, ...], account: str, topic: Topic, load: Callable[[str], Any]) -> Any:
        """The rows under `key` if they are of the newest revision heard; else loaded, or the last known."""
        known = self._rows.get(key)
        if known is not None and self._current(known, account, topic):
            return known
        with self._locks.setdefault(key, threading.RLock()):
            known = self._rows.get(key)
            if known is not None and self._current(known, account, topic):
                return known  # another request loaded it while this one waited
            try:
                loaded = load(account)
            except DatabaseAway:
                if known is None:
                    raise
                return known
            self._rows[key] = loaded
            return loaded

    def _current(self, known: Any, account: str, topic: Topic) -> bool:
        if known.epoch != self._epoch or not self._listening:
            return False
        revision: int = known.revision
        return revision >= self._known.get((account, topic.value), 0)

    def _load_portfolio(self, account: str) -> PortfolioRow:
        epoch = self._epoch
        row = next(iter(self._fetch("portfolio", account=account)))
        figures = {name: rows.number(row[name]) for name in PORTFOLIO_NUMBERS}
        worth, daily, baseline = figures["net_liquidation"], figures["daily_pnl"], row["baseline_net_liquidation"]
        before = rows.number(row["previous_equity"])
        if before is None and worth is not None and daily is not None:
            before = worth - daily
        percent = round(100 * daily / before, 6) if daily is not None and before else None
        total = _total_pnl(worth, baseline, rows.number(row["transfers"]))
        ordered = {name: figures[name] for name in PORTFOLIO_NUMBERS[:-2]}
        return PortfolioRow(
            revision=row["revision"],
            epoch=epoch,
            currency=row["currency"] or row["base_currency"],
            as_of=row["as_of"],
            figures=ordered
            | {"daily_pnl_pct": percent}
            | {name: figures[name] for name in PORTFOLIO_NUMBERS[-2:]}
            | {"total_pnl": total},
            total_pnl_since=rows.iso(row["baseline_at"]) if total is not None else None,
            suspected_transfers=float(row["suspected"]),
            margin={
                **{name: rows.number(row[name]) for name in BROKERS_MARGIN},
                "look_ahead_next_change": rows.iso(row["look_ahead_next_change"]),
            },
        )

    def _load_positions(self, account: str) -> PositionRows:
        epoch = self._epoch
        known: PositionRows | None = self._rows.get((Topic.POSITIONS, account))
        if known is not None and known.epoch != epoch:
            known = None  # what happened meanwhile was not heard
        if known is not None:
            merged = known.merged(self._fetch("positions", account=account, since=known.revision))
            if merged is not None:
                return merged
        return PositionRows.whole(self._fetch("positions", account=account, since=0), epoch, known, self._today())

    def _load_trades(self, account: str, limit: int) -> TradeRows:
        epoch = self._epoch
        view = self.trading.executions(account, limit=limit)
        return TradeRows(view["revision"], epoch, view)

    def _load_wins(self, account: str) -> WinRow:
        epoch = self._epoch
        row = self._fetch("win_rate", account=account)[0]
        return WinRow(row["revision"], epoch, row["wins"], row["closed"], row["as_of"])

    def _load_premium(self, account: str) -> PremiumRow:
        epoch = self._epoch
        row = self._fetch("premium_month", account=account)[0]
        premium = Premium(rows.number(row["premium"]), rows.iso(row["known_since"]), rows.iso(row["as_of"]))
        return PremiumRow(row["revision"], epoch, row["valid_until"], premium)

    def _fetch(self, name: str, **params: Any) -> list[Any]:
        """The rows of a named query as mappings. Raises DatabaseAway."""
        if self._watched and name not in ("board", "source") and (away := self.away()) is not None:
            raise DatabaseAway(away)  # the watcher says when it is back: no request waits for a dead server
        try:
            with self.engine.connect() as conn:
                if "wanted" in params:
                    conn.execute(PLANNED_ANEW)
                found = conn.execute(_statement(name), params).mappings().all()
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            raise self._lost(self._explain(getattr(error, "orig", None) or error)) from error
        except ProgrammingError as error:
            if not isinstance(error.orig, errors.UndefinedTable | errors.InsufficientPrivilege):
                raise
            raise self._lost("The database has not been set up for this program: run `mtz migrate`.") from error
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise self._lost(self._explain(error.orig or error)) from error
        self._away = None
        return list(found)

    def _explain(self, error: BaseException) -> str:
        return explain(error, self._url) if self._url else "The database can't be reached: check that it runs."

    def _lost(self, reason: str) -> DatabaseAway:
        self._away = reason
        return DatabaseAway(reason)


def _total_pnl(worth: float | None, baseline: float | None, transfers: float | None) -> float | None:
    if worth is None or baseline is None or transfers is None:
        return None
    # To the cent: the difference of binary fractions shows digits that nobody reported.
    return round(worth - baseline - transfers, 2)


@cache
def _statement(name: str) -> TextClause:
    """Parsed once: the text of a query is longer than most answers."""
    return text(query(name))
