"""What a statement lacks, and what stays "—" because of it. docs/statements.md has the same in the order of the Flex query. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from data.flex.records import Statement

SECTIONS = {
    "AccountInformation": "Account Information is missing: the base currency is taken from elsewhere, or stays unknown.",
    "ChangeInNAV": "Change in NAV is missing: the broker's time-weighted return stays “—”.",
    "CashReport": "Cash Report is missing: cash by currency isn't compared.",
    "EquitySummaryInBase": "Net Asset Value (NAV) in Base is missing: the equity chart isn't filled back.",
    "OpenPositions": "Open Positions is missing: what is held isn't compared, and what was held before the first statement stays unknown.",
    "Trades": "Trades is missing: no fill, fee or realised P&L comes from this statement.",
    "OptionEAE": "Option Exercises, Assignments and Expirations is missing: they aren't compared with the trades.",
    "CorporateActions": "Corporate Actions is missing: splits and renamings stay unknown, and with them the quantities after.",
    "CashTransactions": "Cash Transactions is missing: deposits, dividends, interest and fees stay “—”, and returns take a deposit for a profit.",
    "Transfers": "Transfers is missing: positions that came from another broker look as if nobody had bought them.",
    "OpenDividendAccruals": "Open Dividend Accruals is missing: dividends that are owed stay “—”.",
    "ConversionRates": "Currency Conversion Rates is missing: amounts in other currencies may stay unconverted.",
}
# Of sections with rows: the fields whose loss isn't an error.
FIELDS = {
    "Trades": {
        "ibExecID": "Trades lacks IB Execution ID: fills are matched with the API's by contract, second, quantity and price.",
        "tradeID": "Trades lacks Trade ID: a trade that the broker corrects later may be counted twice.",
        "dateTime": "Trades lacks Date/Time: every trade counts as made at noon.",
        "reportDate": "Trades lacks Report Date: the trade's own date is taken for it.",
        "ibCommission": "Trades lacks IB Commission: fees that the API didn't report stay “—”.",
        "ibCommissionCurrency": "Trades lacks IB Commission Currency: it is taken to be the trade's.",
        "fifoPnlRealized": "Trades lacks Realized P/L: the broker's result of each trade stays “—”.",
        "notes": "Trades lacks Notes/Codes: assignments, exercises and expiries look like trades at 0.",
        "transactionType": "Trades lacks Transaction Type: the broker's own bookings are told by their codes alone.",
        "multiplier": "Trades lacks Multiplier: the money of options would be wrong.",
        "ibOrderID": "Trades lacks IB Order ID: fills that only statements have aren't folded into orders.",
    },
    "CashTransactions": {
        "transactionID": "Cash Transactions lacks Transaction ID: two equal payments in one second are told apart by their order.",
        "fxRateToBase": "Cash Transactions lacks FX Rate To Base: payments in other currencies have no amount in the base currency.",
        "description": "Cash Transactions lacks Description: who paid a dividend stays unknown.",
    },
    "OpenPositions": {
        "costBasisMoney": "Open Positions lacks Cost Basis Money: the broker's basis stays “—”.",
        "markPrice": "Open Positions lacks Mark Price: the broker's marks stay “—”.",
    },
}  # fmt: skip
LOTS = "Trades lacks the option Closed Lots: what a sale closed is taken first in, first out."


def lacks(statement: Statement) -> Iterator[str]:
    """A sentence for each section and field."""
    for name, words in SECTIONS.items():
        if name not in statement.sections:
            yield words
    for name, fields in FIELDS.items():
        there = statement.sections.get(name)
        if there:
            yield from (words for one, words in fields.items() if one not in there)
    closed = any(trade.realized_pnl for trade in statement.trades)
    if closed and not statement.closed_lots:
        yield LOTS
