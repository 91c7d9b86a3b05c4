"""The configuration that a bot is started with: its own file, changed so that it does what is desired and nothing else.

Comments and everything that needn't change stay. What is switched off how, and why not otherwise:

2.x: a strategy's stages are left out of [[run.stages]]. The wheel has no other switch; regime and tail keep `enabled`, since
without it regime's symbols would fall to the wheel's rebalance and a harvest decision would be invalid. A *paused* VIX hedge or
cash management also loses `enabled`, so that the bot's start-up pass leaves its working orders alone; a *stopped* one keeps it,
so that the pass cancels them too.

1.16: the wheel has no switch: every symbol gets `no_trading`, and its share rebalance is taken away. A paused VIX hedge or cash
management is disabled; a stopped one stays enabled (the start-up pass touches its orders only then) but may not act. A
strategy of MoneyTrailz's framework is disabled, a legacy stock strategy left out. Weights always stay: they must sum to 1.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from data.strategies.desired import BotStates, Desired, safest
from data.strategies.thetagang.attribution import CASH, REGIME, TAIL, VIX, WHEEL
from data.strategies.thetagang.configuration import (
    OPENING_STAGES,
    STAGE_KINDS,
    STAGES_OF,
    Configuration,
    ListedStrategy,
    enabled_stages,
    framework_name,
    stocks_name,
)

NEVER = 10**12  # a threshold in whole dollars that no balance passes
HEAD = "Written by `mtz bot` from {name} at every start. Change that file, not this one."


@dataclass(frozen=True, slots=True)
class Effective:
    """`text`: the file. `runs`: whether anything of the bot may trade; where not, it isn't started. `notes`: sentences."""

    text: str
    runs: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a dry run needs beside the states: a client id that is free, and the copy of ThetaGang 2's records that it may write to.
    It cancels no order."""

    client_id: int
    records: Path | None = None


def effective(configuration: Configuration, states: BotStates, preview: Preview | None = None) -> Effective:
    """`configuration` as `states` want it."""
    document: Any = tomlkit.parse(configuration.text)
    desired = {strategy.name: _desired(strategy, states) for strategy in configuration.strategies}
    if configuration.family == "thetagang2":
        _apply_2(document, configuration, states, desired)
    else:
        _apply_1(document, configuration, states, desired)
    if preview is not None:
        _apply_preview(document, configuration, preview)
    head = tomlkit.comment(HEAD.format(name=configuration.path.name)).as_string()
    return Effective(
        f"{head}\n\n{tomlkit.dumps(document)}",
        any(state.may_trade for state in desired.values()),
        tuple(_notes(configuration, states, desired)),
    )


def _desired(strategy: ListedStrategy, states: BotStates) -> Desired:
    """What holds for the whole of a strategy: all its symbols paused is all of it paused; what can't pause its openings alone
    pauses whole."""
    state = states.of(strategy.name)
    found = state.desired
    if strategy.symbols:
        found = safest((found, min((state.of_symbol(symbol) for symbol in strategy.symbols), key=list(Desired).index)))
    return Desired.PAUSED if found is Desired.OPENING_PAUSED and not strategy.can_pause_opening else found


def _symbols(strategy: ListedStrategy, states: BotStates) -> dict[str, Desired]:
    """The symbols of a strategy that are held back on their own."""
    state = states.of(strategy.name)
    found = {symbol: state.symbols.get(symbol, Desired.ACTIVE) for symbol in strategy.symbols}
    return {symbol: desired for symbol, desired in found.items() if desired is not Desired.ACTIVE}


# -- 2.x


def _apply_2(document: Any, configuration: Configuration, states: BotStates, desired: dict[str, Desired]) -> None:
    off: set[str] = set()
    for name, state in desired.items():
        if not state.may_trade:
            off |= set(STAGES_OF[name])
        elif state is Desired.OPENING_PAUSED:
            off |= OPENING_STAGES & set(STAGES_OF[name])
    _switch_stages_off(document["run"], enabled_stages(configuration.values), off)
    strategies = document["strategies"]
    for name in (VIX, CASH):
        if desired.get(name) is Desired.PAUSED:
            strategies[name]["enabled"] = False
        elif desired.get(name) is Desired.OPENING_PAUSED:
            _no_openings(strategies[name], name)
    for strategy in configuration.strategies:
        for symbol, state in _symbols(strategy, states).items():
            _hold_symbol_2(document, strategy.name, symbol, state)


def _switch_stages_off(run: Any, enabled: list[str], off: set[str]) -> None:
    if not off & set(enabled):
        return
    if "stages" in run:
        for stage in run["stages"]:
            if stage["id"] in off:
                stage["enabled"] = False
            elif left := [need for need in stage.get("depends_on", ()) if need not in off]:
                stage["depends_on"] = left
            elif "depends_on" in stage:
                del stage["depends_on"]
        return
    del run["strategies"]
    stages = tomlkit.aot()
    for stage_id in enabled:
        stage = tomlkit.table()
        stage.add("id", stage_id)
        stage.add("kind", STAGE_KINDS[stage_id])
        stage.add("enabled", stage_id not in off)
        stages.append(stage)
    _put_array(run, "stages", stages)


def _put_array(table: Any, key: str, array: AoT) -> None:
    table.append(key, array)


def _hold_symbol_2(document: Any, strategy: str, symbol: str, state: Desired) -> None:
    share = document["portfolio"]["symbols"].get(symbol)
    if share is None:
        return
    if strategy in (WHEEL, REGIME):
        policy = _inner(document["strategies"], strategy, "equity_rebalance")
        override = _inner(policy, "symbol_overrides", symbol)
        mode = (
            override.get("mode") or policy.get("defaults", {}).get("mode") or ("both" if strategy == REGIME else "off")
        )
        keeps_selling = state.may_trade and mode in ("both", "sell_only")
        override["mode"] = "sell_only" if keeps_selling else "off"
    if strategy == WHEEL and state is Desired.OPENING_PAUSED:
        _no_writes(share)
    elif strategy in (WHEEL, TAIL):
        share["no_trading"] = True


# -- 1.16


def _apply_1(document: Any, configuration: Configuration, states: BotStates, desired: dict[str, Desired]) -> None:
    wheel = next(strategy for strategy in configuration.strategies if strategy.name == WHEEL)
    held = _symbols(wheel, states)
    for symbol, share in document["symbols"].items():
        state = safest((desired[WHEEL], held.get(symbol, Desired.ACTIVE)))
        if state is not Desired.ACTIVE:
            _hold_symbol_1(share, state)
    for name in (VIX, CASH):
        match desired.get(name):
            case Desired.PAUSED:
                document[name]["enabled"] = False
            case Desired.STOPPED:
                _may_not_act(document[name], name)
            case Desired.OPENING_PAUSED:
                _no_openings(document[name], name)
    for key in [*document.get("strategies", {})]:
        if not desired.get(framework_name(key), Desired.ACTIVE).may_trade:
            document["strategies"][key]["enabled"] = False
    for key in [*document.get("stocks", {})]:
        if not desired.get(stocks_name(key), Desired.ACTIVE).may_trade:
            del document["stocks"][key]


def _hold_symbol_1(share: Any, state: Desired) -> None:
    if "buy_only_rebalancing" in share:
        share["buy_only_rebalancing"] = False
    if state is Desired.OPENING_PAUSED:
        _no_writes(share)
        return
    share["no_trading"] = True
    if "sell_only_rebalancing" in share:
        share["sell_only_rebalancing"] = False


# -- both


def _no_writes(share: Any) -> None:
    """No new puts and calls on a symbol, while rolls and closes go on: never a day on which it may write."""
    for side in ("puts", "calls"):
        table = _inner(share, side)
        when = _inner(table, "write_when")
        when["green"] = False
        when["red"] = False
        table["write_threshold"] = 1.0  # also where the price hasn't moved: a day's change of 100 % is never reached
        if "write_threshold_sigma" in table:
            del table["write_threshold_sigma"]


def _no_openings(table: Any, name: str) -> None:
    """No hedge bought (it may be sold), no cash parked (it may be taken back)."""
    if name == VIX:
        _set_allocation_to_nothing(table)
    else:
        table["buy_threshold"] = NEVER


def _may_not_act(table: Any, name: str) -> None:
    """Enabled, so that the bot's start-up pass cancels its working orders, but with nothing that it could do."""
    _no_openings(table, name)
    if name == CASH:
        table["sell_threshold"] = NEVER
    elif "close_hedges_when_vix_exceeds" in table:
        del table["close_hedges_when_vix_exceeds"]


def _set_allocation_to_nothing(table: Any) -> None:
    if "allocation" in table:
        del table["allocation"]
    nothing = tomlkit.aot()
    row = tomlkit.table()
    row.add("weight", 0.0)
    nothing.append(row)
    _put_array(table, "allocation", nothing)


def _inner(table: Any, *path: str) -> Any:
    """A table within tables, made where it isn't there."""
    for key in path:
        if key not in table:
            inline = isinstance(table, tomlkit.items.InlineTable)
            table[key] = tomlkit.inline_table() if inline else tomlkit.table()
        table = table[key]
    return table


def _apply_preview(document: Any, configuration: Configuration, preview: Preview) -> None:
    above = document["runtime"] if configuration.family == "thetagang2" else document
    _inner(above, "account")["cancel_orders"] = False
    _inner(above, "watchdog")["clientId"] = preview.client_id
    _inner(above, "exchange_hours")["action_when_closed"] = "continue"
    if preview.records is not None:
        database = _inner(above, "database")
        database["path"] = str(preview.records)
        if "url" in database:
            del database["url"]


# -- said of it, and checked


def _notes(configuration: Configuration, states: BotStates, desired: dict[str, Desired]) -> Iterable[str]:
    for name, state in desired.items():
        if state is Desired.OPENING_PAUSED:
            yield f"{name}: openings paused."
        elif state is Desired.PAUSED and states.of(name).desired is Desired.OPENING_PAUSED:
            yield f"{name}: paused whole, since its openings can't be told apart."
        elif not state.may_trade:
            yield f"{name}: {state}."
    for strategy in configuration.strategies:
        for symbol in _symbols(strategy, states):
            yield f"{symbol} in {strategy.name}: {states.of(strategy.name).of_symbol(symbol)}."


def shortcomings(text: str, configuration: Configuration, states: BotStates) -> list[str]:
    """What an effective configuration lets through that it must not: our own check of what was written, from its text alone."""
    values = tomllib.loads(text)
    found = []
    for strategy in configuration.strategies:
        desired = _desired(strategy, states)
        if not desired.may_trade and _still_trades(values, configuration, strategy.name, desired):
            found.append(f"{strategy.name} would go on trading.")
        found += [
            f"{symbol} in {strategy.name} would go on trading."
            for symbol, state in _symbols(strategy, states).items()
            if strategy.name == WHEEL
            and not state.may_trade
            and not _share(values, configuration, symbol).get("no_trading")
        ]
    before, after = (_weights_of(v, configuration) for v in (tomllib.loads(configuration.text), values))
    return found if before == after else [*found, "the symbols' weights would change."]


def _still_trades(values: dict[str, Any], configuration: Configuration, name: str, desired: Desired) -> bool:
    if configuration.family == "thetagang2":
        return bool(set(enabled_stages(values)) & set(STAGES_OF[name]))
    if name == WHEEL:
        rebalances = ("buy_only_rebalancing", "sell_only_rebalancing")
        shares = values["symbols"].values()
        return not all(share.get("no_trading") and not any(share.get(key) for key in rebalances) for share in shares)
    if name in (VIX, CASH):
        table: MutableMapping[str, Any] = values[name]
        if desired is Desired.PAUSED:
            return bool(table.get("enabled"))
        if name == CASH:
            return not table.get("buy_threshold") == table.get("sell_threshold") == NEVER
        return table.get("allocation") != [{"weight": 0.0}] or "close_hedges_when_vix_exceeds" in table
    if name in {stocks_name(key) for key in values.get("stocks", {})}:
        return True
    return any(t.get("enabled", True) for key, t in values.get("strategies", {}).items() if framework_name(key) == name)


def _share(values: Any, configuration: Configuration, symbol: str) -> Any:
    table = values["portfolio"]["symbols"] if configuration.family == "thetagang2" else values["symbols"]
    return table[symbol]


def _weights_of(values: Any, configuration: Configuration) -> dict[str, Any]:
    table = values["portfolio"]["symbols"] if configuration.family == "thetagang2" else values["symbols"]
    return {symbol: share.get("weight", share.get("parts")) for symbol, share in table.items()}
