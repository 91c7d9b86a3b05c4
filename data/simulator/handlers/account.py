"""Account updates, summaries, positions and P&L: the answers to requests, and the pushes that follow them."""

from __future__ import annotations

from decimal import Decimal

from data.simulator import messages
from data.simulator.accountvalues import Row, account_rows, summary_rows
from data.simulator.calendar import local
from data.simulator.client import Client, Handler
from data.simulator.instruments import by_con_id
from data.simulator.messages import Message
from data.simulator.valuation import Valuation
from data.simulator.wire import UNSET, Fields

SUMMARY_LIMIT = 2


def _rows(client: Client, account: str, valuation: Valuation) -> list[Row]:
    rows = account_rows(account, valuation, ready=not client.gateway.half_filled)
    if not client.gateway.half_filled:
        return rows
    # After a restart the real one too sends figures before it has them: zeros, with AccountReady false.
    return [(tag, "0.00" if value.replace(".", "").lstrip("-").isdigit() else value, cur) for tag, value, cur in rows]


def update_account(client: Client, fields: Fields) -> None:
    """reqAccountUpdates: one account at a time."""
    fields.integer()
    subscribe, account = fields.flag(), fields.text()
    subs = client.subscriptions
    if not subscribe:
        subs.account = ""
        return
    account = account or next(iter(client.gateway.world.accounts))
    if account not in client.gateway.world.accounts:
        client.error(-1, 321, "Error validating request.-'bO' : cause - Invalid account code.")
        return
    subs.account = account
    subs.account_rows.clear()
    subs.portfolio.clear()
    push_account(client)
    client.gateway.after_half_filled(lambda: client.send(54, 1, account))


def push_account(client: Client) -> None:
    """Send the rows and positions that changed since the last time."""
    subs, world = client.subscriptions, client.gateway.world
    account = subs.account
    if not account:
        return
    valuation = client.gateway.valuation(account)
    changed = False
    for tag, value, currency in _rows(client, account, valuation):
        if subs.account_rows.get((tag, currency)) != value:
            subs.account_rows[tag, currency] = value
            client.send(6, 2, tag, value, currency, account)
            changed = True
    shown = {line.instrument.con_id: messages.portfolio(line, account) for line in valuation.lines}
    for con_id in [c for c in subs.portfolio if c not in shown]:
        # Closed: told once more with a quantity of 0 and what it realized.
        client.send(*messages.portfolio(world.line(account, con_id), account))
        del subs.portfolio[con_id]
    for con_id, message in shown.items():
        if subs.portfolio.get(con_id) != message:
            subs.portfolio[con_id] = message
            client.send(*message)
            changed = True
    if changed:
        client.send(8, 1, f"{local(world.moment):%H:%M}")


def update_multi(client: Client, fields: Fields) -> None:
    """reqAccountUpdatesMulti."""
    fields.integer()
    req_id, account, _model, _ledger = fields.integer(), fields.text(), fields.text(), fields.flag()
    if account not in client.gateway.world.accounts:
        client.error(req_id, 321, "Error validating request.-'cc' : cause - Invalid account code.")
        return
    client.subscriptions.multi[req_id] = account
    push_multi(client, req_id)
    client.gateway.after_half_filled(lambda: client.send(74, 1, req_id))


def push_multi(client: Client, req_id: int) -> None:
    """Send all rows of one reqAccountUpdatesMulti."""
    account = client.subscriptions.multi[req_id]
    for tag, value, currency in _rows(client, account, client.gateway.valuation(account)):
        client.send(73, 1, req_id, account, "", tag, value, currency)


def cancel_multi(client: Client, fields: Fields) -> None:
    """cancelAccountUpdatesMulti."""
    fields.integer()
    client.subscriptions.multi.pop(fields.integer(), None)


def summary(client: Client, fields: Fields) -> None:
    """reqAccountSummary: all accounts, for the tags that are named."""
    fields.integer()
    req_id, _group, tags = fields.integer(), fields.text(), fields.text()
    subs = client.subscriptions
    if req_id not in subs.summaries and len(subs.summaries) >= SUMMARY_LIMIT:
        client.error(
            req_id, 322, "Error processing request.-'bY' : cause - Maximum number of account summary requests exceeded"
        )
        return
    subs.summaries[req_id] = [tag.strip() for tag in tags.split(",")]
    subs.summary_rows[req_id] = set()
    push_summary(client, req_id)
    client.send(64, 1, req_id)


def push_summary(client: Client, req_id: int) -> None:
    """Send the summary rows that changed."""
    subs = client.subscriptions
    known, fresh = subs.summary_rows[req_id], set()
    for account in client.gateway.world.accounts:
        for tag, value, currency in summary_rows(account, client.gateway.valuation(account), subs.summaries[req_id]):
            row = (account, tag, value, currency)
            fresh.add(row)
            if row not in known:
                client.send(63, 1, req_id, account, tag, value, currency)
    subs.summary_rows[req_id] = fresh


def cancel_summary(client: Client, fields: Fields) -> None:
    """cancelAccountSummary."""
    fields.integer()
    req_id = fields.integer()
    client.subscriptions.summaries.pop(req_id, None)
    client.subscriptions.summary_rows.pop(req_id, None)


def positions(client: Client, _fields: Fields) -> None:
    """reqPositions: of all accounts, then every change."""
    client.subscriptions.positions = True
    for account in client.gateway.world.accounts:
        for line in client.gateway.valuation(account).lines:
            client.send(*messages.position(line, account))
    client.send(62, 1)


def cancel_positions(client: Client, _fields: Fields) -> None:
    """cancelPositions."""
    client.subscriptions.positions = False


def positions_multi(client: Client, fields: Fields) -> None:
    """reqPositionsMulti."""
    fields.integer()
    req_id, account = fields.integer(), fields.text()
    if account and account not in client.gateway.world.accounts:
        client.error(req_id, 321, "Error validating request.-'ca' : cause - Invalid account code.")
        return
    client.subscriptions.positions_multi[req_id] = account
    for name in [account] if account else client.gateway.world.accounts:
        for line in client.gateway.valuation(name).lines:
            client.send(*messages.position_multi(req_id, line, name))
    client.send(72, 1, req_id)


def cancel_positions_multi(client: Client, fields: Fields) -> None:
    """cancelPositionsMulti."""
    fields.integer()
    client.subscriptions.positions_multi.pop(fields.integer(), None)


def push_position(client: Client, account: str, con_id: int) -> None:
    """Tell a changed position to whoever subscribed."""
    subs = client.subscriptions
    line = client.gateway.world.line(account, con_id)
    if subs.positions:
        client.send(*messages.position(line, account))
    for req_id, wanted in subs.positions_multi.items():
        if wanted in ("", account):
            client.send(*messages.position_multi(req_id, line, account))


def pnl(client: Client, fields: Fields) -> None:
    """reqPnL; there is no version field."""
    req_id, account = fields.integer(), fields.text()
    if account not in client.gateway.world.accounts:
        client.error(req_id, 321, "Error validating request.-'cw' : cause - Invalid account code.")
        return
    client.subscriptions.pnl[req_id] = account
    # The first answer comes before the figures do: TWS then sends the largest double there is.
    client.send(94, req_id, UNSET, UNSET, UNSET)


def cancel_pnl(client: Client, fields: Fields) -> None:
    """cancelPnL."""
    req_id = fields.integer()
    client.subscriptions.pnl.pop(req_id, None)
    client.subscriptions.pnl_sent.pop(req_id, None)


def pnl_single(client: Client, fields: Fields) -> None:
    """reqPnLSingle; there is no version field."""
    req_id, account, _model, con_id = fields.integer(), fields.text(), fields.text(), fields.integer()
    if account not in client.gateway.world.accounts:
        client.error(req_id, 321, "Error validating request.-'cy' : cause - Invalid account code.")
        return
    try:
        by_con_id(con_id)
    except KeyError:
        client.error(req_id, 321, "Error validating request.-'cy' : cause - Invalid contract id.")
        return
    client.subscriptions.pnl_single[req_id] = (account, con_id)
    client.send(95, req_id, 0, UNSET, UNSET, UNSET, UNSET)


def cancel_pnl_single(client: Client, fields: Fields) -> None:
    """cancelPnLSingle."""
    req_id = fields.integer()
    client.subscriptions.pnl_single.pop(req_id, None)
    client.subscriptions.pnl_sent.pop(req_id, None)


def push_pnl(client: Client) -> None:
    """Send the P&L figures that changed."""
    subs = client.subscriptions
    for req_id, account in subs.pnl.items():
        v = client.gateway.valuation(account)
        _send_changed(client, req_id, (94, req_id, v.daily, v.unrealized, v.realized))
    for req_id, (account, con_id) in subs.pnl_single.items():
        line = client.gateway.line(account, con_id)
        unrealized: Decimal | float = line.unrealized if line.quantity else UNSET
        figures = (line.daily, unrealized, line.realized, line.value)
        _send_changed(client, req_id, (95, req_id, line.quantity, *figures))


def _send_changed(client: Client, req_id: int, message: Message) -> None:
    sent = client.subscriptions.pnl_sent
    if sent.get(req_id) != message:
        sent[req_id] = message
        client.send(*message)


def next_id(client: Client, _fields: Fields) -> None:
    """reqIds."""
    client.send(9, 1, client.gateway.world.next_order_id)


def managed_accounts(client: Client, _fields: Fields) -> None:
    """reqManagedAccts."""
    client.send(15, 1, ",".join(client.gateway.world.accounts))


def current_time(client: Client, _fields: Fields) -> None:
    """reqCurrentTime; answered even while the market data stand still."""
    client.send(49, 1, int(client.gateway.clock.now()))


def ignore(_client: Client, _fields: Fields) -> None:
    """Taken without an answer, as TWS does: server log level, news bulletins."""


HANDLERS: dict[int, Handler] = {
    6: update_account,
    8: next_id,
    12: ignore,
    13: ignore,
    14: ignore,
    17: managed_accounts,
    49: current_time,
    61: positions,
    62: summary,
    63: cancel_summary,
    64: cancel_positions,
    74: positions_multi,
    75: cancel_positions_multi,
    76: update_multi,
    77: cancel_multi,
    92: pnl,
    93: cancel_pnl,
    94: pnl_single,
    95: cancel_pnl_single,
}
