"""The indicators by their own definitions, and what they need: no pandas, and no bar before the windows are full."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys

import pytest

from data.analytics.indicators import WARM_UP, bars_a_year
from data.analytics.indicators import points as points_of
from data.views import BarView, IndicatorPoint

KEYS = (
    "sma_20", "ema_50", "bb_upper", "bb_middle", "bb_lower", "rsi_14", "macd", "macd_signal", "macd_hist", "atr_14",
    "realized_vol_20", "implied_vol",
)  # fmt: skip
FULL_AT = {
    "sma_20": 19,
    "ema_50": 49,
    "bb_upper": 19,
    "rsi_14": 14,
    "macd": 33,
    "macd_signal": 33,
    "atr_14": 14,
    "realized_vol_20": 20,
}


def walk(number: int, seed: int = 1) -> list[BarView]:
    dice = random.Random(seed)
    bars: list[BarView] = []
    close = 100.0
    for index in range(number):
        opened, close = close, close * math.exp(dice.gauss(0, 0.01))
        high, low = max(opened, close) * 1.002, min(opened, close) * 0.998
        bars.append({"time": 86_400 * index, "open": opened, "high": high, "low": low, "close": close, "volume": None})
    return bars


def points(bars: list[BarView], implied: dict[int, float], a_year: float = 252.0) -> list[IndicatorPoint]:
    return points_of(bars, implied, [a_year] * len(bars))


def test_each_window_is_none_until_it_is_full() -> None:
    found = points(walk(120), {})
    assert len(found) == 120
    for key, full in FULL_AT.items():
        assert [point[key] is not None for point in found] == [index >= full for index in range(120)], key  # type: ignore[literal-required]


def test_they_are_what_their_definitions_say() -> None:
    bars = walk(200)
    closes = [bar["close"] for bar in bars]
    last = points(bars, {bars[-1]["time"]: 0.31})[-1]
    window = closes[-20:]
    mean, deviation = statistics.fmean(window), statistics.pstdev(window)
    assert last["sma_20"] == last["bb_middle"] == pytest.approx(mean, abs=1e-4)
    assert last["bb_upper"] == pytest.approx(mean + 2 * deviation, abs=1e-4)
    assert last["bb_lower"] == pytest.approx(mean - 2 * deviation, abs=1e-4)
    returns = [math.log(closes[i] / closes[i - 1]) for i in range(len(closes) - 20, len(closes))]
    assert last["realized_vol_20"] == pytest.approx(statistics.stdev(returns) * math.sqrt(252), abs=1e-4)
    assert last["implied_vol"] == 0.31
    average = statistics.fmean(closes[:50])
    for close in closes[50:]:
        average += (close - average) * 2 / 51
    assert last["ema_50"] == pytest.approx(average, abs=1e-4)
    assert last["macd"] is not None
    assert last["macd_signal"] is not None
    assert last["macd_hist"] == pytest.approx(last["macd"] - last["macd_signal"], abs=2e-4)


def test_after_the_warm_up_the_beginning_is_forgotten() -> None:
    bars = walk(2 * WARM_UP + 50)
    whole, cut = points(bars, {}), points(bars[WARM_UP:], {})
    for early, late in zip(whole[-50:], cut[-50:], strict=True):
        for key in KEYS[:-1]:
            assert early[key] == pytest.approx(late[key], abs=1e-4), key  # type: ignore[literal-required]


def test_few_bars_flat_bars_and_no_bars() -> None:
    assert points([], {}) == []
    for bars in (walk(1), walk(5)):
        assert all(point[key] is None for point in points(bars, {}) for key in KEYS)  # type: ignore[literal-required]
    flat: list[BarView] = [
        {"time": i, "open": 5.0, "high": 5.0, "low": 5.0, "close": 5.0, "volume": 0.0} for i in range(60)
    ]
    last = points(flat, {})[-1]
    assert (last["sma_20"], last["realized_vol_20"], last["atr_14"]) == (5.0, 0.0, 0.0)


def test_a_price_that_has_no_logarithm_has_no_volatility() -> None:
    bars = walk(60)
    bars[50]["close"] = bars[50]["low"] = -1.0
    assert all(point["realized_vol_20"] is None for point in points(bars, {}))


WINTER, SUMMER = 1_767_623_400, 1_783_344_600  # openings: 2026-01-05 14:30 and 2026-07-06 13:30 UTC


@pytest.mark.parametrize(
    ("step_s", "opens", "bars"),
    [
        (60, WINTER, 390), (300, SUMMER, 78), (1800, WINTER, 13), (3600, WINTER, 7), (3600, SUMMER, 7), (7200, WINTER, 4),
        (14_400, WINTER, 3), (14_400, SUMMER, 2), (86_400, WINTER, 1), (5 * 86_400, WINTER, 0.2),
    ],
)  # fmt: skip
def test_bars_a_year(step_s: int, opens: int, bars: float) -> None:
    """As many as a session really has: a bar is cut by the clock, and the first and the last one may be short."""
    assert bars_a_year(step_s, opens) == pytest.approx(252 * bars)


def test_a_worker_loads_neither_pandas_nor_before_it_is_asked_numpy() -> None:
    script = (
        "import sys\n"
        "import data.history\n"
        "from data.analytics.indicators import points\n"
        "print('numpy' in sys.modules)\n"
        "points([{'time': 1, 'open': 1.0, 'high': 1.0, 'low': 1.0, 'close': 1.0, 'volume': None}], {}, [252.0])\n"
        "print('numpy' in sys.modules, 'pandas' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]
