"""Ticks of logarithmic axes that also read well over a factor of two."""

from __future__ import annotations

import math

from forescale.words import tick

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


def log_labels(
    low: float, high: float, zero: float | None = None, room: float = math.inf
) -> dict[float, str]:
    """Return ticks and their labels, with 0 at ``zero`` and none between it and the data.

    ``room`` is how many characters fit along the axis: of labels that would touch, the round
    one stays and the others are empty.

    >>> log_labels(20, 3000, zero=25)
    {25: '0', 100.0: '100', 300.0: '300', 1000.0: '1000', 3000.0: '3000'}
    >>> log_labels(20, 3000, room=16)
    {30.0: '30', 100.0: '100', 300.0: '', 1000.0: '1000', 3000.0: ''}
    """
    ticks = log_ticks(low, high)
    if zero is None:
        labels = {value: tick(value) for value in ticks}
    else:
        labels = {zero: "0"} | {v: tick(v) for v in ticks if v > 1.2 * zero}
    kept: list[float] = []
    for value in sorted(labels, key=lambda v: (v != zero, math.log10(v) % 1 > 1e-9, v)):
        if all(_apart(value, other, labels, room / math.log(high / low)) for other in kept):
            kept.append(value)
    return {value: label if value in kept else "" for value, label in labels.items()}


def _apart(one: float, other: float, labels: dict[float, str], characters: float) -> bool:
    """Whether two centred labels leave a character between them; ``characters`` a unit of ln."""
    needed = (len(labels[one]) + len(labels[other])) / 2 + 1
    return abs(math.log(one / other)) * characters >= needed


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
