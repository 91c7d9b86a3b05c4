"""The orders that a dry run lists in its "Order Summary": both families print the same table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.control_views import PreviewOrder
from data.strategies.thetagang import wording
from data.strategies.thetagang.output import lines_of

TITLE = "Order Summary"
COLUMNS = 6  # symbol, exchange, contract, action, price, quantity
FIELD = re.compile(r"(\w+)=(?:'([^']*)'|(-?[\d.]+))")
KIND = re.compile(r"^(\w+)\(")
ROLLING = re.compile(r"^Rolling ([CP]) positions")
ROLL = re.compile(
    r"^(\S+): Rolling from_strike=([\d.]+) to_strike=([\d.]+) from_dte=(-?\d+) to_dte=(-?\d+) .*qty_to_roll=(\d+)"
)
SEC_TYPES = {"Option": "OPT", "Stock": "STK", "Bag": "BAG", "FuturesOption": "FOP", "Future": "FUT", "Index": "IND"}


@dataclass(frozen=True, slots=True)
class Roll:
    right: str
    from_strike: float
    to_strike: float
    to_dte: int


def intended(text: str) -> list[PreviewOrder]:
    """In the order in which the bot would send them."""
    lines = lines_of(text)
    rolls = _rolls(lines)
    return [_order(row, rolls) for row in _rows(lines)]


def _rows(lines: list[str]) -> Iterator[list[str]]:
    """The table's rows; a cell that was written over several lines is put together."""
    start = next((number for number, line in enumerate(lines) if line.strip() == TITLE), None)
    row: list[str] = []
    for line in lines[start + 1 :] if start is not None else ():
        cells = [cell.strip() for cell in line.split("│")]
        if len(cells) == COLUMNS and cells[0] == "Symbol":
            continue
        if len(cells) != COLUMNS:
            if row:
                yield row
            row = []
            if not re.match(r"^[╷╵┿┼╺╶╸╴━─ ]+$", line):
                return
        elif row:
            row = [f"{before} {more}".strip() for before, more in zip(row, cells, strict=True)]
        else:
            row = cells
    if row:
        yield row


def _rolls(lines: list[str]) -> dict[str, list[Roll]]:
    """By symbol, in the order in which the bot decided them."""
    found: dict[str, list[Roll]] = {}
    right = ""
    for line in lines:
        if section := ROLLING.match(line):
            right = section[1]
        elif roll := ROLL.match(line):
            found.setdefault(roll[1], []).append(Roll(right, float(roll[2]), float(roll[3]), int(roll[5])))
    return found


def _order(row: list[str], rolls: dict[str, list[Roll]]) -> PreviewOrder:
    symbol, _, contract, action, price_text, quantity_text = row
    fields: dict[str, str] = {
        name: text or number for name, text, number in FIELD.findall(contract.partition("comboLegs")[0])
    }
    kind = KIND.match(contract)
    sec_type = fields.get("secType") or SEC_TYPES.get(kind[1] if kind else "", "")
    price, quantity = _number(price_text), _number(quantity_text)
    roll = rolls[symbol].pop(0) if sec_type == "BAG" and rolls.get(symbol) else None
    name = wording.contract(fields | {"secType": sec_type, "symbol": symbol})
    multiplier = float(fields.get("multiplier") or (100 if sec_type in ("BAG", "OPT") else 1))
    sign = 1 if action == "SELL" else -1
    strike = roll.to_strike if roll else float(fields.get("strike") or 0)
    right = (roll.right if roll else fields.get("right", ""))[:1]
    sells = sec_type == "BAG" or (sec_type in ("OPT", "FOP") and action == "SELL")
    effect = (
        (-1 if right == "P" else 1) * strike * multiplier * quantity
        if sells and strike and right and quantity
        else None
    )
    return {
        "symbol": symbol,
        "what": f"{action} {quantity_text} {name} LMT {price_text.replace('$', '')}".strip(),
        "cash": round(sign * price * quantity * multiplier, 2) if price is not None and quantity is not None else None,
        "assignment": effect,
        "note": _note(symbol, right, strike, quantity, multiplier, roll) if effect is not None else None,
    }


def _note(symbol: str, right: str, strike: float, quantity: float | None, multiplier: float, roll: Roll | None) -> str:
    verb = "buys" if right == "P" else "sells"
    assigned = f"an assignment {verb} {(quantity or 0) * multiplier:g} {symbol} at {strike:g}"
    return (
        f"roll from {roll.from_strike:g} to {roll.to_strike:g} {right}, {roll.to_dte} days; {assigned}"
        if roll
        else assigned
    )


def _number(text: str) -> float | None:
    try:
        return float(text.replace("$", "").replace(",", ""))
    except ValueError:
        return None
