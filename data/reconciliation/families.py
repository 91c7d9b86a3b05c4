"""What each family of checks is about, in words, and where to look when one doesn't hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["statement", "database"]


@dataclass(frozen=True, slots=True)
class Family:
    """`scope`: the statement against itself, or against the database."""

    title: str
    scope: Scope
    where: str


ROW = (
    "This row of the statement: one of its own fields doesn't fit the others. Run the Flex query for these days again."
)
CASH = "The statement's Cash Report beside its Trades and Cash Transactions of this currency."
NAV = "The statement's Net Asset Value of this day beside its positions, cash and accruals."
FILLS = (
    "Trades, this execution: the broker corrected or busted it after it was reported, or the API reported another one."
)
BOOK = "Trades, round trips of this contract: lots are matched first in, first out unless the statement's closed lots say otherwise."

FAMILIES: dict[str, Family] = {
    "trade_proceeds": Family("Trades: proceeds are quantity × price", "statement", ROW),
    "trade_net_cash": Family("Trades: net cash is proceeds and fees", "statement", ROW),
    "trade_realized": Family("Trades: realised P&L is proceeds, fees and cost", "statement", ROW),
    "lots_realized": Family("Trades: realised P&L is that of the closed lots", "statement", ROW),
    "lots_quantity": Family("Closed lots: add up to their trade's quantity", "statement", ROW),
    "lots_cost": Family("Closed lots: add up to their trade's cost", "statement", ROW),
    "lots_contract": Family("Closed lots: of their trade's contract", "statement", ROW),
    "event_quantity": Family("Option events: the same quantity as the trade", "statement", ROW),
    "event_realized_pnl": Family("Option events: the same realised P&L as the trade", "statement", ROW),
    "cash_report": Family("Cash report: adds up", "statement", CASH),
    "cash_kind": Family("Cash report: is what trades and cash transactions moved", "statement", CASH),
    "cash_base": Family("Cash report: the base line is all currencies at the day's rates", "statement", CASH),
    "position_value": Family("Open positions: value is quantity × mark", "statement", ROW),
    "position_unrealized": Family("Open positions: unrealised P&L is value less cost", "statement", ROW),
    "position_lots": Family("Open positions: quantity is that of the lots", "statement", ROW),
    "position_lots_cost": Family("Open positions: cost is that of the lots", "statement", ROW),
    "nav_parts": Family("Net asset value: adds up", "statement", NAV),
    "nav_cash": Family("Net asset value: cash is the cash report's", "statement", NAV),
    "nav_stock": Family("Net asset value: stock is the open positions'", "statement", NAV),
    "nav_options": Family("Net asset value: options are the open positions'", "statement", NAV),
    "nav_dividend_accruals": Family("Net asset value: dividends owed are the open accruals", "statement", NAV),
    "accrual_net": Family("Dividends owed: net is gross less tax", "statement", ROW),
    "change_parts": Family("Change in NAV: adds up", "statement", NAV),
    "change_ending_value": Family("Change in NAV: ends with the last net asset value", "statement", NAV),
    "change_starting_value": Family("Change in NAV: begins with the value before", "statement", NAV),
    "change_of_deposits_withdrawals": Family("Change in NAV: deposits and withdrawals", "statement", CASH),
    "change_of_dividends": Family("Change in NAV: dividends", "statement", CASH),
    "change_of_withholding_tax": Family("Change in NAV: withholding tax", "statement", CASH),
    "change_of_interest": Family("Change in NAV: interest", "statement", CASH),
    "twr": Family("Time-weighted return: linked over the days", "statement", NAV),
    "fill_missing": Family("Executions: every one is in the statement", "database", FILLS),
    "fill_quantity": Family("Executions: quantity", "database", FILLS),
    "fill_price": Family("Executions: price", "database", FILLS),
    "fill_commission": Family("Executions: commission", "database", FILLS),
    "fill_con_id": Family("Executions: contract", "database", FILLS),
    "fill_time": Family("Executions: time", "database", "MTZ_ACCOUNT_ZONE: times without a zone are read in the account's zone."),
    "fill_currency": Family("Executions: currency", "database", FILLS),
    "fill_commission_currency": Family("Executions: currency of the commission", "database", FILLS),
    "flow_missing": Family("Cash flows: every one is in the database", "database", "Import the statement again."),
    "flow_amount": Family("Cash flows: amount", "database", "Cash flows, this row: another statement says something else of it."),
    "flow_currency": Family("Cash flows: currency", "database", "Cash flows, this row: another statement says something else of it."),
    "flow_kind": Family("Cash flows: kind", "database", "Cash flows, this row: another statement says something else of it."),
    "flow_day": Family("Cash flows: day", "database", "Cash flows, this row: another statement says something else of it."),
    "fees": Family("Fees by currency", "database", FILLS),
    "cash": Family("Cash by currency", "database", CASH),
    "position": Family("Positions", "database",
                       "Positions, this contract: an execution, an assignment or a corporate action is missing on one side."),
    "realized": Family("Realised P&L by contract", "database", BOOK),
    "nav": Family("Net asset value against the last sample of the day", "database", "The equity chart around this day."),
    "return": Family("Time-weighted return against that of the last samples", "database", "The equity chart over these days."),
}  # fmt: skip
