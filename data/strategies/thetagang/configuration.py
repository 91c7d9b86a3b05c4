"""What a configuration file says of a bot: its family, where it connects, its strategies, its secrets. Pure but for `read`.

Two families, told apart by their content: `thetagang1`, the tables of ThetaGang 1.16 and its forks (MoneyTrailz), and
`thetagang2`, those of 2.x with [run].strategies or [[run.stages]].
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from data.strategies.thetagang.attribution import CASH, REGIME, TAIL, VIX, VIX_SYMBOL, WHEEL

Family = Literal["thetagang1", "thetagang2"]

FIRST_FAMILY_TABLES = frozenset({"account", "symbols", "target", "roll_when"})
STAGES_OF: dict[str, tuple[str, ...]] = {
    WHEEL: (
        "options_write_puts", "options_write_calls", "equity_buy_rebalance", "equity_sell_rebalance",
        "options_roll_positions", "options_close_positions",
    ),
    REGIME: ("equity_regime_rebalance",),
    VIX: ("post_vix_call_hedge",),
    TAIL: ("post_tail_hedge",),
    CASH: ("post_cash_management",),
}  # fmt: skip
OPENING_STAGES = frozenset({"options_write_puts", "options_write_calls", "equity_buy_rebalance"})
STAGE_KINDS: dict[str, str] = {  # in the order in which ThetaGang runs them
    "options_write_puts": "options.write_puts",
    "options_write_calls": "options.write_calls",
    "equity_regime_rebalance": "equity.regime_rebalance",
    "equity_buy_rebalance": "equity.buy_rebalance",
    "equity_sell_rebalance": "equity.sell_rebalance",
    "options_roll_positions": "options.roll_positions",
    "options_close_positions": "options.close_positions",
    "post_vix_call_hedge": "post.vix_call_hedge",
    "post_tail_hedge": "post.tail_hedge",
    "post_cash_management": "post.cash_management",
}
TITLES = {
    WHEEL: "Wheel",
    REGIME: "Regime rebalance",
    VIX: "VIX call hedge",
    TAIL: "Tail hedge",
    CASH: "Cash management",
}
CAN_PAUSE_OPENING = frozenset({WHEEL, VIX, CASH})
DEFAULT_CASH_FUND = "SGOV"
SECRET_KEYS = ("password", "userid", "fixuserid", "fixpassword")
SECRET_NAMES = re.compile(r"PASS|SECRET|TOKEN|API_?KEY|USERID|USERNAME|CREDENTIAL|DATABASE_URL", re.IGNORECASE)
REFERENCE = re.compile(r"\$(\w+)|\$\{([^}:]+)(?::-([^}]*))?\}")


class ConfigurationError(Exception):
    """The file can't be used; one sentence for the user."""


@dataclass(frozen=True, slots=True)
class ListedStrategy:
    """A strategy that the configuration lets trade. `allocation`: of the account, a fraction of 1, where the file says it."""

    name: str
    title: str
    symbols: tuple[str, ...] = ()
    allocation: float | None = None
    can_pause_opening: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    path: Path
    text: str
    family: Family
    values: Mapping[str, Any]
    strategies: tuple[ListedStrategy, ...]
    account: str | None
    client_id: int
    host: str
    port: int
    records_path: Path | None  # ThetaGang 2's SQLite database
    secrets: frozenset[str] = field(repr=False, default=frozenset())

    @property
    def cash_fund(self) -> str:
        return str(_table(self.values, *_paths(self.family)["cash"]).get("cash_fund", DEFAULT_CASH_FUND))


def read(path: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration at `path`; `environment`: what its $NAMES stand for.

    Raises:
        ConfigurationError: it can't be read, or is neither family's.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read ({getattr(error, 'strerror', None) or 'no UTF-8'}).") from None
    return understand(path, text, values, os.environ if environment is None else environment)


def understand(path: Path, text: str, values: dict[str, Any], environment: Mapping[str, str]) -> Configuration:
    """Raises ConfigurationError."""
    family = family_of(values)
    if family is None:
        raise ConfigurationError(
            f"{path} is a configuration neither of ThetaGang 2 ([meta] schema_version = 2) nor of 1.16 "
            "(tables account, symbols, target, roll_when)."
        )
    expanded = _expand(values, environment)
    paths = _paths(family)
    account, watchdog = _table(expanded, *paths["account"]), _table(expanded, *paths["watchdog"])
    try:
        return Configuration(
            path,
            text,
            family,
            expanded,
            _strategies_2(expanded) if family == "thetagang2" else _strategies_1(expanded),
            str(account["number"]) if account.get("number") else None,
            int(watchdog.get("clientId", 1)),
            str(watchdog.get("host", "127.0.0.1")),
            int(watchdog.get("port", 7497)),
            _records_path(path, expanded) if family == "thetagang2" else None,
            _secrets(_table(expanded, *paths["ibc"]), _table(expanded, "runtime", "database"), environment),
        )
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ConfigurationError(f"{path} holds something unexpected ({type(error).__name__}: {error}).") from None


def family_of(values: Mapping[str, Any]) -> Family | None:
    """By content; None: neither."""
    if _table(values, "meta").get("schema_version") == 2:
        return "thetagang2"
    return "thetagang1" if values.keys() >= FIRST_FAMILY_TABLES else None


def enabled_stages(values: Mapping[str, Any]) -> list[str]:
    """The ids of a 2.x configuration's stages that run, in order."""
    run = _table(values, "run")
    if stages := run.get("stages"):
        return [str(stage["id"]) for stage in stages if stage.get("enabled", True)]
    wanted = {stage for name in run.get("strategies", ()) for stage in STAGES_OF.get(name, ())}
    return [stage for stage in STAGE_KINDS if stage in wanted]


def _strategies_2(values: Mapping[str, Any]) -> tuple[ListedStrategy, ...]:
    running, strategies = set(enabled_stages(values)), _table(values, "strategies")
    weights = _weights(_table(values, "portfolio", "symbols"))
    regime = _table(strategies, REGIME)
    regime_symbols = tuple(regime.get("symbols", ())) if regime.get("enabled") else ()
    found = []
    for name, stages in STAGES_OF.items():
        if not running & set(stages) or (name != WHEEL and not _table(strategies, name).get("enabled", False)):
            continue
        table = _table(strategies, name)
        symbols: tuple[str, ...] = {
            WHEEL: tuple(symbol for symbol in weights if symbol not in regime_symbols),
            REGIME: regime_symbols,
            VIX: (VIX_SYMBOL,),
            TAIL: tuple(str(target["symbol"]) for target in table.get("targets", ())),
            CASH: (str(table.get("cash_fund", DEFAULT_CASH_FUND)),),
        }[name]
        allocation = round(sum(weights.get(symbol, 0.0) for symbol in symbols), 6) if name in (WHEEL, REGIME) else None
        can_tell = name in CAN_PAUSE_OPENING
        found.append(ListedStrategy(name, TITLES[name], symbols, allocation, can_tell))
    return tuple(found)


def _strategies_1(values: Mapping[str, Any]) -> tuple[ListedStrategy, ...]:
    weights = _weights(_table(values, "symbols"))
    found = [ListedStrategy(WHEEL, TITLES[WHEEL], tuple(weights), round(sum(weights.values()), 6), True)]
    if _table(values, VIX).get("enabled", False):
        found.append(ListedStrategy(VIX, TITLES[VIX], (VIX_SYMBOL,), None, True))
    if (cash := _table(values, CASH)).get("enabled", False):
        found.append(ListedStrategy(CASH, TITLES[CASH], (str(cash.get("cash_fund", DEFAULT_CASH_FUND)),), None, True))
    for key, table in _table(values, "strategies").items():
        if table.get("enabled", True):
            symbols = (table.get("parameters") or {}).get("symbols", ())
            found.append(ListedStrategy(framework_name(key), _title(key), tuple(str(symbol) for symbol in symbols)))
    found += [ListedStrategy(stocks_name(key), f"{key} shares", (key,)) for key in _table(values, "stocks")]
    return tuple(found)


def framework_name(key: str) -> str:
    """How a strategy of MoneyTrailz's framework is called here: one that is named as a standard one is told apart."""
    return f"{key}-framework" if key in TITLES else key


def stocks_name(symbol: str) -> str:
    """How a legacy stock strategy of MoneyTrailz, [stocks.SYMBOL], is called here."""
    return f"stocks-{symbol}"


def _paths(family: Family) -> dict[str, tuple[str, ...]]:
    above = ("runtime",) if family == "thetagang2" else ()
    names = {name: (*above, name) for name in ("account", "watchdog", "ibc")}
    return names | {"cash": ("strategies", CASH) if family == "thetagang2" else (CASH,)}


def _table(values: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A table within tables; empty where there is none."""
    for key in path:
        inner = values.get(key)
        if not isinstance(inner, Mapping):
            return {}
        values = inner
    return values


def _weights(symbols: Mapping[str, Any]) -> dict[str, float]:
    """Each symbol's weight; 1.16 also knows parts of a whole."""
    parts = sum(float(table.get("parts", 0)) for table in symbols.values())
    return {
        symbol: float(table["weight"]) if "weight" in table else float(table.get("parts", 0)) / (parts or 1)
        for symbol, table in symbols.items()
    }


def _title(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").capitalize()


def _records_path(path: Path, values: Mapping[str, Any]) -> Path | None:
    """As ThetaGang 2 finds it: a relative path begins at the configuration's folder."""
    database = _table(values, "runtime", "database")
    if not database.get("enabled", True):
        return None
    if url := database.get("url"):
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    return path.resolve().parent / str(database.get("path", "data/thetagang.db"))


def _expand(value: Any, environment: Mapping[str, str]) -> Any:
    """ThetaGang 2's $NAME, ${NAME} and ${NAME:-default}; what isn't set stays as it is written (the bot refuses it)."""
    if isinstance(value, str) and "$" in value:
        return REFERENCE.sub(
            lambda found: environment.get(
                (found[1] or found[2]).strip(), found[3] if found[3] is not None else found[0]
            ),
            value.replace("$$", "\0"),
        ).replace("\0", "$")
    if isinstance(value, dict):
        return {key: _expand(child, environment) for key, child in value.items()}
    if isinstance(value, list):
        return [_expand(child, environment) for child in value]
    return value


def _secrets(ibc: Mapping[str, Any], database: Mapping[str, Any], environment: Mapping[str, str]) -> frozenset[str]:
    """What must never be kept or shown: the log-in of the broker, and what the environment names as secret."""
    found = {str(ibc[key]) for key in SECRET_KEYS if ibc.get(key)}
    found |= {str(database["url"])} if database.get("url") else set()
    found |= {value for name, value in environment.items() if SECRET_NAMES.search(name)}
    return frozenset(value for value in found if len(value) >= 3)
