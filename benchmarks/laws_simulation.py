"""Simulated learning curves with known laws: do 90 % intervals cover?

Replicates are whole curves with errors of three kinds, as nested training sets and one
test split make them: common to a curve, fading along log n, and each point's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forescale.laws import fit_law
from forescale.planning import sample_size


def truth(rng: np.random.Generator, form: str) -> tuple[np.ndarray, Callable, dict]:
    """Random sizes, expected error as a function of n, and the law's parameters."""
    first, decades = 10 ** rng.uniform(1, 2.5), rng.uniform(1.2, 3)
    count = int(rng.integers(6, 25))
    n = np.unique(np.geomspace(first, first * 10**decades, count).round())
    alpha, share, level = rng.uniform(0.15, 1.0), rng.uniform(0.05, 0.9), 10 ** rng.uniform(-2, 1)
    knee, part, slow = 0.0, 0.0, 1.0
    if form == "knee":
        knee = 10 ** rng.uniform(-2, 0)
    if form == "two powers":
        part, slow = rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.6)

    def error(at):
        u = (np.asarray(at) / n[-1] + knee) / (1 + knee)
        fall = (1 - part) * u**-alpha + part * u ** (-alpha * slow)
        return level * ((1 - share) * fall + share)

    known = {"transfer gap": level * share}
    if form != "two powers":
        scale = level * (1 - share) * (n[-1] * (1 + knee)) ** alpha
        known |= {"decay rate": alpha, "scale": scale}
    return n, error, known


def replicates(rng: np.random.Generator, n: np.ndarray, error: Callable) -> tuple:
    count = int(rng.choice([5, 10, 20]))
    own, fading = 10 ** rng.uniform(-2.3, -1.2, 2)
    lag = np.abs(np.log(n)[:, None] - np.log(n)[None, :])
    root = np.linalg.cholesky(np.exp(-lag / rng.uniform(0.3, 2)) + 1e-9 * np.eye(len(n)))
    logs = fading * rng.standard_normal((count, len(n))) @ root.T
    logs *= (n / n[-1]) ** -0.15  # small training sets scatter more
    logs += 0.5 * own * rng.standard_normal((count, 1)) + own * rng.standard_normal(logs.shape)
    values = error(n) * np.exp(logs)
    return np.tile(n, count), values.ravel(), np.repeat(np.arange(count), len(n))


def simulate(form: str, trials: int) -> dict:
    """Coverage of parameters, forecasts and the sample size over random curves."""
    hits: dict[str, list[bool]] = {}
    offs, never = [], []
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        n, error, known = truth(rng, form)
        law = fit_law(*replicates(rng, n, error), draws=1000, seed=trial)
        quantities = {
            "decay rate": law.decay_rate,
            "scale": law.scale,
            "transfer gap": law.transfer_gap,
        }
        for name, value in known.items():
            q = quantities[name]
            hits.setdefault(name, []).append(q.low <= value <= q.high)
        for ratio in (2, 8):
            low, high = np.quantile(law.draws.curves(n[-1:] * ratio), [0.05, 0.95])
            hits.setdefault(f"E at {ratio}×", []).append(low <= error(n[-1] * ratio) <= high)
        reached = n[-1] * 10 ** rng.uniform(0.15, 1.2)
        answer = sample_size(law, float(error(reached)))
        inside = answer.quantile(0.05) <= reached <= answer.quantile(0.95)
        hits.setdefault("sample size", []).append(inside)
        offs.append(abs(np.log10(answer.median / reached)))
        never.append(answer.not_reachable > 0.5)
    row = {"form": form, "curves": trials}
    names = ("decay rate", "scale", "transfer gap", "E at 2×", "E at 8×", "sample size")
    row |= {name: float(np.mean(hits[name])) if name in hits else "–" for name in names}
    row |= {"size off, decades": float(np.median(offs)), "wrongly never": float(np.mean(never))}
    return row
