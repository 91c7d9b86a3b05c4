"""The ten metric cards: value, where it comes from and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from data.views import MetricView, PositionView

Unit = Literal["money", "percent", "fraction", "count"]

ACCOUNT_VALUES = "the broker's account values"
NOT_SENT = "The broker has not sent it yet."


@dataclass(frozen=True, slots=True)
class Premium:
    """Premium of short options that were sold this calendar month, less their buy-backs; `known_since`: the first round trip."""

    amount: float | None
    known_since: str | None
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Trading:
    """What the strategies of the account do. `listed` 0: none is known; `closed` counts roll chains of options."""

    active: int
    listed: int
    wins: int
    closed: int
    as_of: str | None


def cards(
    figures: Mapping[str, float | None],
    as_of: str | None,
    currency: str | None,
    total_pnl_since: str | None,
    positions: list[PositionView],
    positions_as_of: str | None,
    premium: Premium,
    trading: Trading,
    suspected: float = 0.0,
) -> list[MetricView]:
    """The cards in the order of the page. Money is in the account's base currency. `suspected`: transfers left out of total P&L."""
    since = f" since {total_pnl_since[:10]}" if total_pnl_since else ""
    left_out = (
        f" {suspected:+,.2f} is suspected to have been moved in or out and left out too; a statement confirms."
        if suspected
        else ""
    )
    return [
        _of_account("net_liquidation", "Net liquidation", "money", figures, as_of,
                    "Cash plus the market value of everything held, as the broker computes it."),
        _daily_pnl(figures, as_of),
        _card("total_pnl", "Total P&L", figures["total_pnl"], "money", as_of, "net liquidation and the first one stored",
              f"Net liquidation minus the baseline{since}, less the deposits and withdrawals that are known since.{left_out}",
              "There is no baseline yet (the first complete net liquidation that is stored), or a transfer has no exchange rate."),
        _card("win_rate", "Win rate", 100 * trading.wins / trading.closed if trading.closed else None, "percent", trading.as_of,
              "the fills that the broker reported",
              "The share of closed roll chains of options that made money after fees; a roll's buy-back alone is no loss, an assignment ends its chain. "
              "What notes leave out of statistics doesn't count.",
              "No roll chain that was opened here is closed yet."),
        _card("active_strategies", "Active strategies", trading.active if trading.listed else None, "count", None,
              "what the strategy agent has acknowledged",
              f"Strategies that are active and whose bot is neither late nor silent, of {trading.listed} that bots have.",
              "No strategy is known yet: a bot that is started by `mtz bot` brings its own."),
        _of_account("cash", "Cash", "money", figures, as_of, "Total cash in the base currency, as the broker computes it."),
        _of_account("buying_power", "Buying power", "money", figures, as_of,
                    "What the broker would let you buy: under Reg T a multiple of the available funds."),
        _of_account("cushion", "Cushion", "fraction", figures, as_of,
                    "Excess liquidity as a share of net liquidation; at 0 the broker begins to close positions."),
        _theta(positions, positions_as_of, currency),
        _premium(premium),
    ]  # fmt: skip


def _card(
    key: str, title: str, value: float | None, unit: Unit, as_of: str | None, source: str, rule: str, missing: str
) -> MetricView:
    return {
        "key": key,
        "title": title,
        "value": value,
        "unit": unit,
        "change": None,
        "as_of": as_of,
        "source": source,
        "rule": rule,
        "reason": missing if value is None else None,
    }


def _of_account(
    key: str, title: str, unit: Unit, figures: Mapping[str, float | None], as_of: str | None, rule: str
) -> MetricView:
    return _card(key, title, figures[key], unit, as_of, ACCOUNT_VALUES, rule, NOT_SENT)


def _daily_pnl(figures: Mapping[str, float | None], as_of: str | None) -> MetricView:
    card = _card(
        "daily_pnl", "Day P&L", figures["daily_pnl"], "money", as_of, "the broker's daily P&L",
        "The broker's own figure, reset when its setting says; the percentage is of the previous day's equity.", NOT_SENT,
    )  # fmt: skip
    card["change"] = figures["daily_pnl_pct"]
    card["change_unit"] = "percent"
    return card


def _theta(positions: list[PositionView], as_of: str | None, currency: str | None) -> MetricView:
    """Theta × quantity × multiplier, summed over options in the base currency that have Greeks."""
    options = [p for p in positions if p["sec_type"] in ("OPT", "FOP")]
    known = [p for p in options if p["theta"] is not None and currency in (None, p["currency"])]
    rule = "Theta × quantity × multiplier, summed over the option positions"
    if len(known) < len(options):
        rule += f"; {len(known)} of {len(options)} have Greeks in the base currency"
    value = sum((p["theta"] or 0.0) * p["quantity"] * p["multiplier"] for p in known) if known else None
    return _card(
        "theta_per_day", "Net theta per day", value, "money", as_of, "the broker's Greeks", f"{rule}.",
        "No option position has Greeks." if options else "No options are held.",
    )  # fmt: skip


def _premium(premium: Premium) -> MetricView:
    since = f" Fills are known since {premium.known_since[:10]}." if premium.known_since else ""
    value = premium.amount if premium.amount is not None or premium.known_since is None else 0.0
    return _card(
        "premium_month", "Premium this month", value, "money", premium.as_of, "the fills that the broker reported",
        "Of short options sold since the first of the month, by the day of the sale: what they brought less what buying them back "
        f"has cost, in the base currency, before commissions. What notes leave out of statistics doesn't count.{since}",
        "No fill is folded into the book yet.",
    )  # fmt: skip
