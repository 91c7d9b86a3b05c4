"""The rows of account values, as TWS names them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from data.simulator.account import ZERO, cents
from data.simulator.valuation import Valuation

Row = tuple[str, str, str]
"""Tag, value, currency."""
CURRENCY = "USD"


def _money(value: Decimal) -> str:
    return f"{cents(value):.2f}"


def totals(v: Valuation) -> dict[str, Decimal]:
    """The account's sums in its base currency, by tag."""
    return {
        "NetLiquidation": v.net_liquidation,
        "TotalCashValue": v.cash,
        "SettledCash": v.cash,
        "AccruedCash": ZERO,
        "AccruedDividend": v.accrued_dividends,
        "EquityWithLoanValue": v.equity_with_loan,
        "PreviousDayEquityWithLoanValue": v.equity_with_loan - v.daily,
        "GrossPositionValue": v.gross_position_value,
        "RegTEquity": v.equity_with_loan,
        "RegTMargin": v.initial_margin,
        "SMA": v.available_funds,
        "InitMarginReq": v.initial_margin,
        "MaintMarginReq": v.maintenance_margin,
        "AvailableFunds": v.available_funds,
        "ExcessLiquidity": v.excess_liquidity,
        # Four times what is free: the day trader's multiple, as TWS shows it for Reg T accounts above 25,000 USD.
        "BuyingPower": max(v.available_funds, ZERO) * 4,
        "FullInitMarginReq": v.initial_margin,
        "FullMaintMarginReq": v.maintenance_margin,
        "FullAvailableFunds": v.available_funds,
        "FullExcessLiquidity": v.excess_liquidity,
        "LookAheadInitMarginReq": v.initial_margin,
        "LookAheadMaintMarginReq": v.maintenance_margin,
        "LookAheadAvailableFunds": v.available_funds,
        "LookAheadExcessLiquidity": v.excess_liquidity,
        # Zero except on the eve of an expiry: what it will be is the broker's model, which is not known here.
        "PostExpirationExcess": ZERO,
        "PostExpirationMargin": ZERO,
        "Billable": ZERO,
        "IndianStockHaircut": ZERO,
        "NetDividend": v.accrued_dividends,
    }


def cushion(v: Valuation) -> Decimal:
    """Excess liquidity over net liquidation, to six decimals; 0 for an empty account."""
    if not v.net_liquidation:
        return ZERO
    return (v.excess_liquidity / v.net_liquidation).quantize(Decimal("0.000001"))


def ledger(v: Valuation) -> dict[str, Decimal]:
    """What TWS lists once for each currency and once more as BASE."""
    return {
        "CashBalance": v.cash,
        "TotalCashBalance": v.cash,
        "AccruedCash": ZERO,
        "StockMarketValue": v.stock_value,
        "OptionMarketValue": v.option_value,
        "FutureOptionValue": ZERO,
        "FuturesPNL": ZERO,
        "NetLiquidationByCurrency": v.net_liquidation,
        "UnrealizedPnL": v.unrealized,
        "RealizedPnL": v.realized,
        "FundValue": ZERO,
        "NetDividend": v.accrued_dividends,
        "MutualFundValue": ZERO,
        "MoneyMarketFundValue": ZERO,
        "CorporateBondValue": ZERO,
        "TBondValue": ZERO,
        "TBillValue": ZERO,
        "WarrantValue": ZERO,
        "FxCashBalance": ZERO,
        "IssuerOptionValue": ZERO,
    }


def ledger_rows(account_id: str, v: Valuation) -> Iterator[Row]:
    """The ledger twice: under the currency and under BASE, which stands beside it and must not be added to it."""
    for currency in ("BASE", CURRENCY):
        yield "Currency", currency, currency
        for tag, value in ledger(v).items():
            yield tag, _money(value), currency
        yield "ExchangeRate", "1.00", currency
        yield "RealCurrency", currency, currency
        yield "AccountOrGroup", account_id, currency


def account_rows(account_id: str, v: Valuation, ready: bool = True) -> list[Row]:
    """All rows of an account update."""
    rows: list[Row] = [
        ("AccountCode", account_id, ""),
        ("AccountReady", "true" if ready else "false", ""),
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", str(cushion(v)), ""),
        ("DayTradesRemaining", "-1", ""),
        ("Leverage-S", _leverage(v), ""),
        ("LookAheadNextChange", "0", ""),
        ("WhatIfPMEnabled", "true", ""),
        ("TradingType-S", "STKNOPT", ""),
        ("SegmentTitle-S", "US Securities", ""),
    ]
    for tag, value in totals(v).items():
        rows.append((tag, _money(value), CURRENCY))
        # "-S" is the securities segment, "-C" the commodities one; this account has only the first.
        rows.append((f"{tag}-S", _money(value), CURRENCY))
        rows.append((f"{tag}-C", "0.00", CURRENCY))
    rows += ledger_rows(account_id, v)
    return rows


def _leverage(v: Valuation) -> str:
    if v.equity_with_loan <= 0:
        return "0.00"
    return f"{v.gross_position_value / v.equity_with_loan:.2f}"


def summary_rows(account_id: str, v: Valuation, tags: list[str]) -> list[Row]:
    """The rows of an account summary for the tags that were asked for; unknown tags bring nothing."""
    money = totals(v)
    plain = {
        "AccountType": "INDIVIDUAL",
        "Cushion": str(cushion(v)),
        "DayTradesRemaining": "-1",
        "Leverage": _leverage(v),
        "LookAheadNextChange": "0",
    }
    rows: list[Row] = []
    for tag in tags:
        if tag in plain:
            rows.append((tag, plain[tag], ""))
        elif tag in money:
            rows.append((tag, _money(money[tag]), CURRENCY))
        elif tag == "HighestSeverity":
            rows.append((tag, "0", ""))
    if any(tag.startswith("$LEDGER") for tag in tags):
        rows += ledger_rows(account_id, v)
    return rows
