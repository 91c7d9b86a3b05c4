"""What a configuration says of a bot, and the effective one that is made of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from data.strategies.desired import BotStates, Desired, StrategyState
from data.strategies.thetagang.configuration import Configuration, ConfigurationError, enabled_stages, understand
from data.strategies.thetagang.effective import NEVER, Preview, effective, shortcomings
from tests.bots import files

ACTIVE, OPENING, PAUSED, STOPPED = Desired
HEDGE = "\n[vix_call_hedge]\nenabled = true\nclose_hedges_when_vix_exceeds = 40.0\n"
FORK = """
[strategies.wheel]
type = "options"

[strategies.momentum]
type = "stocks"
parameters = { symbols = ["QQQ"] }

[stocks.NVDA]
shares = 5
"""
STAGES = """
[[run.stages]]
id = "equity_regime_rebalance"
kind = "equity.regime_rebalance"

[[run.stages]]
id = "equity_buy_rebalance"
kind = "equity.buy_rebalance"
depends_on = ["equity_regime_rebalance"]

[[run.stages]]
id = "post_cash_management"
kind = "post.cash_management"
depends_on = ["equity_regime_rebalance", "equity_buy_rebalance"]
"""


def filled(text: str) -> str:
    for name, value in {"port": 4002, "client_id": 7, "log": "/tmp/ib.log", "close": 1.0, "roll": 0.99}.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def second(extra: str = "") -> Configuration:
    return of(filled(files.SECOND) + extra)


def first(extra: str = "") -> Configuration:
    return of(filled(files.FIRST) + extra)


def of(text: str, **environment: str) -> Configuration:
    return understand(Path("/bots/thetagang.toml"), text, tomllib.loads(text), environment)


def states(**desired: Desired) -> BotStates:
    return BotStates("thetagang", 1, False, {name: StrategyState(state, 1) for name, state in desired.items()})


def symbol(strategy: str, name: str, desired: Desired) -> BotStates:
    return BotStates("thetagang", 1, False, {strategy: StrategyState(ACTIVE, 1, {name: desired})})


def changed(configuration: Configuration, wanted: BotStates) -> dict[str, Any]:
    """The effective values; what was written must pass our own check."""
    made = effective(configuration, wanted)
    assert shortcomings(made.text, configuration, wanted) == []
    return tomllib.loads(made.text)


def test_families_are_told_by_content():
    assert second().family == "thetagang2"
    assert first().family == "thetagang1"
    with pytest.raises(ConfigurationError, match=r"neither of ThetaGang 2 .* nor of 1\.16"):
        of("[account]\nnumber = 'U1'\n")


def test_what_a_second_family_file_says():
    found = second()
    assert (found.account, found.client_id, found.host, found.port) == ("DU9000001", 7, "127.0.0.1", 4002)
    assert found.records_path == Path("/bots/data/thetagang.db")
    assert {s.name: s.symbols for s in found.strategies} == {
        "wheel": ("F", "SOFI", "KO"),
        "tail_hedge": ("KO",),
        "cash_management": ("SGOV",),
    }
    assert {s.name: s.can_pause_opening for s in found.strategies} == {
        "wheel": True,
        "tail_hedge": False,
        "cash_management": True,
    }
    assert found.strategies[0].allocation == pytest.approx(1.0)
    assert {"hunter2hunter2", "charlie77"} <= found.secrets


def test_what_a_first_family_file_says():
    found = first(HEDGE + FORK)
    assert found.records_path is None
    assert {s.name: s.symbols for s in found.strategies} == {
        "wheel": ("F", "SOFI"),
        "vix_call_hedge": ("VIX",),
        "cash_management": ("SGOV",),
        "wheel-framework": (),
        "momentum": ("QQQ",),
        "stocks-NVDA": ("NVDA",),
    }


def test_parts_are_weights():
    text = filled(files.FIRST).replace("weight = 0.5", "parts = 3")
    assert of(text).strategies[0].allocation == pytest.approx(1.0)


def test_a_secret_of_the_environment_is_masked_too():
    text = filled(files.SECOND).replace('"hunter2hunter2"', '"${IB_LOGIN:-nothing-set}"')
    assert "from-outside" in of(text, IB_LOGIN="from-outside").secrets
    assert "nothing-set" in of(text).secrets
    assert "tok-123" in of(filled(files.FIRST), MY_API_TOKEN="tok-123").secrets


def test_everything_active_changes_nothing_but_the_head():
    for found in (second(), first()):
        made = effective(found, states())
        assert made.runs
        assert made.text.endswith(found.text)
        assert made.text.startswith("# Written by `mtz bot` from thetagang.toml")


def test_comments_stay():
    text = effective(second(), states(wheel=PAUSED)).text
    assert "# what I trade" in text
    assert "# so little that it never buys" in text


@pytest.mark.parametrize("desired", [PAUSED, STOPPED])
def test_the_wheel_of_the_second_family_loses_its_stages(desired: Desired):
    values = changed(second(), states(wheel=desired))
    assert enabled_stages(values) == ["post_tail_hedge", "post_cash_management"]
    assert "strategies" not in values["run"]
    assert values["strategies"]["cash_management"]["enabled"]


def test_openings_of_the_second_family():
    values = changed(second(), states(wheel=OPENING, cash_management=OPENING))
    assert enabled_stages(values) == [
        "equity_sell_rebalance", "options_roll_positions", "options_close_positions", "post_tail_hedge",
        "post_cash_management",
    ]  # fmt: skip
    assert values["strategies"]["cash_management"]["buy_threshold"] == NEVER


def test_what_cannot_pause_its_openings_alone_pauses_whole():
    made = effective(second(), states(tail_hedge=OPENING))
    assert "post_tail_hedge" not in enabled_stages(tomllib.loads(made.text))
    assert "tail_hedge: paused whole, since its openings can't be told apart." in made.notes


def test_a_paused_cash_fund_is_left_alone_and_a_stopped_one_may_be_cancelled():
    """The bot's start-up pass touches the fund's orders only while it is enabled."""
    paused = changed(second(), states(cash_management=PAUSED))
    assert paused["strategies"]["cash_management"]["enabled"] is False
    stopped = changed(second(), states(cash_management=STOPPED))
    assert stopped["strategies"]["cash_management"]["enabled"] is True
    assert "post_cash_management" not in enabled_stages(stopped)


def test_a_tail_hedge_and_a_regime_keep_enabled():
    """A harvest decision would be invalid without, and regime's symbols would fall to the wheel's rebalance."""
    values = changed(second(), states(tail_hedge=STOPPED))
    assert values["strategies"]["tail_hedge"]["enabled"] is True
    assert "post_tail_hedge" not in enabled_stages(values)


def staged() -> Configuration:
    text = filled(files.SECOND).replace(
        'strategies = ["wheel", "tail_hedge", "cash_management"]  # in this order\n', ""
    )
    text = text.replace("[runtime.account]", STAGES + "\n[runtime.account]")
    return of(text + '\n[strategies.regime_rebalance]\nenabled = true\nsymbols = ["F"]\n')


def test_stages_that_are_written_out_are_switched_off_with_what_depends_on_them():
    found = staged()
    assert [s.name for s in found.strategies] == ["wheel", "regime_rebalance", "cash_management"]
    values = changed(found, states(regime_rebalance=PAUSED))
    stages = {stage["id"]: stage for stage in values["run"]["stages"]}
    assert stages["equity_regime_rebalance"]["enabled"] is False
    assert "depends_on" not in stages["equity_buy_rebalance"]
    assert stages["post_cash_management"]["depends_on"] == ["equity_buy_rebalance"]
    assert values["strategies"]["regime_rebalance"]["enabled"] is True


def test_a_symbol_of_the_second_family():
    values = changed(second(), symbol("wheel", "F", PAUSED))
    assert values["portfolio"]["symbols"]["F"]["no_trading"] is True
    assert "no_trading" not in values["portfolio"]["symbols"]["SOFI"]
    assert values["strategies"]["wheel"]["equity_rebalance"]["symbol_overrides"]["F"] == {"mode": "off"}
    assert values["portfolio"]["symbols"]["F"]["weight"] == 0.4


def test_a_symbol_of_regime_keeps_selling_when_only_openings_are_paused():
    values = changed(staged(), symbol("regime_rebalance", "F", OPENING))
    overrides = values["strategies"]["regime_rebalance"]["equity_rebalance"]["symbol_overrides"]
    assert overrides == {"F": {"mode": "sell_only"}}
    assert "no_trading" not in values["portfolio"]["symbols"]["F"]


@pytest.mark.parametrize("found", [second(), first()], ids=["second", "first"])
def test_a_symbol_whose_openings_are_paused_writes_on_no_day(found: Configuration):
    values = changed(found, symbol("wheel", "F", OPENING))
    share = (values["portfolio"]["symbols"] if found.family == "thetagang2" else values["symbols"])["F"]
    for side in ("puts", "calls"):
        assert share[side] == {"write_when": {"green": False, "red": False}, "write_threshold": 1.0}
    assert "no_trading" not in share


def test_all_symbols_of_a_strategy_paused_is_the_strategy_paused():
    wanted = BotStates("thetagang", 1, False, {"cash_management": StrategyState(ACTIVE, 1, {"SGOV": PAUSED})})
    assert changed(first(), wanted)["cash_management"]["enabled"] is False


@pytest.mark.parametrize("desired", [PAUSED, STOPPED])
def test_the_wheel_of_the_first_family_is_held_symbol_by_symbol(desired: Desired):
    text = filled(files.FIRST).replace(
        "[symbols.F]", "[symbols.F]\nbuy_only_rebalancing = true\nsell_only_rebalancing = true"
    )
    values = changed(of(text), states(wheel=desired))
    assert values["symbols"]["F"] == {
        "weight": 0.5, "no_trading": True, "buy_only_rebalancing": False, "sell_only_rebalancing": False,
    }  # fmt: skip
    assert values["symbols"]["SOFI"]["no_trading"] is True


def test_a_stopped_hedge_and_fund_of_the_first_family_stay_enabled_with_nothing_to_do():
    values = changed(first(HEDGE), states(vix_call_hedge=STOPPED, cash_management=STOPPED))
    assert values["vix_call_hedge"] == {"enabled": True, "allocation": [{"weight": 0.0}]}
    assert values["cash_management"]["enabled"] is True
    assert values["cash_management"]["buy_threshold"] == values["cash_management"]["sell_threshold"] == NEVER


def test_openings_of_a_hedge_and_fund_of_the_first_family():
    values = changed(first(HEDGE), states(vix_call_hedge=OPENING, cash_management=OPENING))
    assert values["vix_call_hedge"]["allocation"] == [{"weight": 0.0}]
    assert values["vix_call_hedge"]["close_hedges_when_vix_exceeds"] == 40.0
    assert "sell_threshold" not in values["cash_management"]


def test_strategies_of_the_fork():
    values = changed(first(FORK), states(**{"wheel-framework": PAUSED, "stocks-NVDA": STOPPED}))
    assert values["strategies"]["wheel"]["enabled"] is False
    assert "enabled" not in values["strategies"]["momentum"]
    assert "NVDA" not in values.get("stocks", {})
    assert "no_trading" not in values["symbols"]["F"]  # the bot's own wheel is another strategy


def test_all_paused_runs_nothing():
    assert not effective(first(), states(wheel=PAUSED, cash_management=STOPPED)).runs
    assert effective(first(), states(wheel=PAUSED)).runs
    assert not effective(first(), BotStates("thetagang", 1, True)).runs  # the kill switch


@pytest.mark.parametrize("found", [second(), first()], ids=["second", "first"])
def test_a_dry_run_cancels_nothing_and_has_a_client_of_its_own(found: Configuration):
    values = tomllib.loads(effective(found, states(), Preview(7123, Path("/tmp/copy.db"))).text)
    above = values["runtime"] if found.family == "thetagang2" else values
    assert above["account"]["cancel_orders"] is False
    assert above["watchdog"]["clientId"] == 7123
    assert above["exchange_hours"]["action_when_closed"] == "continue"
    if found.family == "thetagang2":
        assert above["database"]["path"] == "/tmp/copy.db"


def test_our_own_check_finds_what_would_go_on():
    wanted = states(wheel=PAUSED, cash_management=STOPPED)
    assert shortcomings(second().text, second(), wanted) == [
        "wheel would go on trading.", "cash_management would go on trading.",
    ]  # fmt: skip
    assert shortcomings(first().text, first(), wanted) == [
        "wheel would go on trading.", "cash_management would go on trading.",
    ]  # fmt: skip
    lighter = second().text.replace("weight = 0.2", "weight = 0.1")
    assert shortcomings(lighter, second(), states()) == ["the symbols' weights would change."]
