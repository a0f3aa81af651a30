"""Ticks of logarithmic axes that also read well over a factor of two."""

from __future__ import annotations

import math

from forescale.report.text import tick

_MULTIPLES = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0))


def log_ticks(low: float, high: float, least: int = 4) -> list[float]:
    """Return round values between two positive limits, at least a few of them.

    >>> log_ticks(30, 3000)
    [30.0, 100.0, 300.0, 1000.0, 3000.0]
    >>> log_ticks(0.1, 0.2)
    [0.1, 0.12, 0.14, 0.16, 0.18, 0.2]
    """
    if high / low < 5:
        return linear_ticks(low, high)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for multiples in _MULTIPLES:
        ticks = [_round(k * 10.0**d) for d in decades for k in multiples if low <= k * 10.0**d]
        ticks = [t for t in ticks if t <= high]
        if len(ticks) >= least:
            break
    return ticks


def log_labels(low: float, high: float, zero: float | None = None) -> dict[float, str]:
    """Return ticks and their labels, with 0 at ``zero`` and none between it and the data.

    >>> log_labels(20, 3000, zero=25)
    {25: '0', 100.0: '100', 300.0: '300', 1000.0: '1000', 3000.0: '3000'}
    """
    if zero is None:
        return {value: tick(value) for value in log_ticks(low, high)}
    return {zero: "0"} | {v: tick(v) for v in log_ticks(low, high) if v > 1.2 * zero}


def linear_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round, evenly spaced values between two limits.

    >>> linear_ticks(-0.1, 0.9)
    [0.0, 0.2, 0.4, 0.6, 0.8]
    """
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((k * power for k in (1, 2, 2.5, 5, 10)), key=lambda s: abs(math.log(s / raw)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [_round(k * step) for k in range(first, last + 1)]


def padded(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """Widen positive limits by a share of their log range, at least by 2 %."""
    factor = max((high / low) ** share, 1.02)
    return low / factor, high * factor


def _round(value: float) -> float:
    return float(f"{value:.10g}")
