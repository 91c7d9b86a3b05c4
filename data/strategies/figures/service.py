"""The thread beside the strategy agent that attributes orders and keeps figures and the book: commands never wait for a sum."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

import psycopg
from psycopg.rows import dict_row

from data import board as boards
from data.book.keeping import Keeper as BookKeeper
from data.db import connect, explain, literal
from data.model import Freshness, Role
from data.queries import query
from data.strategies.attributing import Attributor
from data.strategies.figures.keeping import Keeper
from data.strategies.figures.ledger import Conn
from data.strategies.figures.past import tell_past
from data.transfers import Watcher

log = logging.getLogger("mtz.figures")

LOOK_S = 2.0  # figures change with every tick, pages hear of it this often
RETRY_S = 2.0


def keep_figures(url: str, stopping: threading.Event) -> None:
    """Attribute and compute every two seconds until `stopping`; a database that is away is tried again for ever.

    To be run by who leads (data/strategies/agent), in a thread of its own.
    """
    was_away = False
    while not stopping.is_set():
        try:
            with connect(url, Role.AGENT, "figures", autocommit=True) as conn:
                was_away = False
                attributor, keeper, books, transfers = Attributor(conn), Keeper(conn), BookKeeper(conn), Watcher(conn)
                attributor.look()
                _tell_past(conn)
                while not stopping.wait(LOOK_S):
                    attributor.look()
                    transfers.look()
                    keeper.look()
                    books.look()
                    keeper.sample(alive(conn))
        except psycopg.OperationalError as error:
            if not was_away:
                log.warning("%s Figures of strategies wait until it is back.", explain(error, url))
            was_away = True
        except psycopg.Error as error:
            log.error("figures of strategies could not be computed and are tried again: %s", explain_short(error))
        except Exception:  # commands go on; what is shown keeps its age
            log.exception("figures of strategies could not be computed and are tried again")
        stopping.wait(RETRY_S)


def _tell_past(conn: Conn) -> None:
    """Of accounts whose strategies traded before anybody sampled them."""
    rows = conn.execute(
        "SELECT a.account FROM accounts a WHERE NOT EXISTS (SELECT FROM strategy_snapshots s WHERE s.account = a.account) "
        "   AND EXISTS (SELECT FROM executions e WHERE e.account = a.account AND e.strategy IS NOT NULL)"
    ).fetchall()
    for (account,) in rows:
        tell_past(conn, account)


def alive(conn: Conn) -> dict[str, Freshness]:
    """How far each account's data may be trusted now."""
    now = datetime.now(UTC)
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(literal(query("board"))).fetchall()
    return {row["known_account"]: boards.judge(boards.account_state(row), now, None).freshness for row in rows}


def explain_short(error: psycopg.Error) -> str:
    return error.diag.message_primary or type(error).__name__
