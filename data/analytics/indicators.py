"""Technical indicators of a series of bars, by TA-Lib. Pure.

TA-Lib holds the interpreter's lock, so callers bound the bars; numpy and TA-Lib are imported at the first question only, because
a web process that is never asked for indicators needs neither.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from data.resolution import DAY
from data.views import BarView, IndicatorPoint

# EMA, RSI, ATR and MACD never quite forget: after so many bars what came before weighs less than 1e-10 (49/51 to the 600th).
WARM_UP = 600
TRADING_DAYS_A_YEAR = 252
SESSION_S = 23_400  # 09:30 to 16:00
VOLATILITY_BARS = 20
DIGITS = 4


def points(bars: Sequence[BarView], implied: Mapping[int, float], bars_a_year: Sequence[float]) -> list[IndicatorPoint]:
    """One point a bar. `implied` is the implied volatility by the bars' times; `bars_a_year` says for each bar how many of its
    kind a year has. None where a window is not full yet.

    SMA 20, EMA 50, Bollinger bands 20 bars and 2 (population) standard deviations wide, Wilder's RSI 14 and ATR 14, MACD
    12/26 with signal 9. Realised volatility is the sample standard deviation of the last 20 close-to-close log returns, times the
    root of the bars in a year (Hull, *Options, Futures, and Other Derivatives*, ch. 15.4).
    """
    if not bars:
        return []
    import numpy as np

    talib = _talib()
    high, low, close = (np.array([bar[key] for bar in bars], dtype=float) for key in ("high", "low", "close"))
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    macd, signal, hist = talib.MACD(close, 12, 26, 9)
    series = {
        "sma_20": talib.SMA(close, 20),
        "ema_50": talib.EMA(close, 50),
        "bb_upper": upper,
        "bb_middle": middle,
        "bb_lower": lower,
        "rsi_14": talib.RSI(close, 14),
        "macd": macd,
        "macd_signal": signal,
        "macd_hist": hist,
        "atr_14": talib.ATR(high, low, close, 14),
        "realized_vol_20": _realized(talib, np, close, bars_a_year),
    }
    found: list[Any] = [
        {
            "time": bar["time"],
            "close": bar["close"],
            **{key: _known(values[index]) for key, values in series.items()},
            "implied_vol": _known(implied.get(bar["time"], math.nan)),
        }
        for index, bar in enumerate(bars)
    ]
    return found


def bars_a_year(step_s: int, opens: int) -> float:
    """How many bars of `step_s` seconds (of days 86,400 x trading days) a year has, of sessions that open like the one at `opens`.

    Bars are cut by the clock of UTC and not by the opening: 09:30 to 16:00 takes seven bars of an hour, and three of four
    hours in winter but two in summer. Half sessions count as whole ones.
    """
    if step_s >= DAY:
        return TRADING_DAYS_A_YEAR / (step_s // DAY)
    return float(TRADING_DAYS_A_YEAR * (-(-(opens + SESSION_S) // step_s) - opens // step_s))


def _realized(talib: Any, np: Any, close: Any, a_year: Sequence[float]) -> Any:
    result = np.full(len(close), np.nan)
    if len(close) <= VOLATILITY_BARS or (close <= 0).any():
        return result
    deviation = talib.STDDEV(np.diff(np.log(close)), VOLATILITY_BARS)  # of the population
    sample = math.sqrt(VOLATILITY_BARS / (VOLATILITY_BARS - 1))
    result[1:] = deviation * sample * np.sqrt(np.array(a_year[1:], dtype=float))
    return result


def _known(value: float) -> float | None:
    return round(float(value), DIGITS) if math.isfinite(value) else None


@cache
def _talib() -> Any:
    """TA-Lib without pandas and polars, which it would load if it found them (50 MB) only to accept their series too."""
    hidden = [name for name in ("pandas", "polars") if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment] # import says: there is none
    try:
        import talib
    finally:
        for name in hidden:
            del sys.modules[name]
    return talib
