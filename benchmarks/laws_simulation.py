"""Simulated learning curves with known laws: do 90 % intervals cover?

Replicates are whole curves with errors of three kinds, as nested training sets and one
test split make them: common to a curve, fading along log n, and each point's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import _kit
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.laws import fit_law, study_laws
from forescale.planning import sample_size

Array = NDArray[Any]
Curve = Callable[[Any], Array]
"""Expected error at some n."""
FORMS_SIMULATED = ("law", "knee", "two powers", "plateau")


def truth(rng: np.random.Generator, form: str) -> tuple[Array, Curve, dict[str, float]]:
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

    reached = rng.uniform(0.1, 1.0)  # part of the largest n at which a plateau begins

    def error(at: Any) -> Array:
        if form == "plateau":
            at = np.minimum(at, reached * n[-1])
        u = (np.asarray(at) / n[-1] + knee) / (1 + knee)
        fall = (1 - part) * u**-alpha + part * u ** (-alpha * slow)
        return np.asarray(level * ((1 - share) * fall + share))

    known = {"transfer gap": float(error(1e300)) if form == "plateau" else level * share}
    if form in ("law", "knee"):
        scale = level * (1 - share) * (n[-1] * (1 + knee)) ** alpha
        known |= {"decay rate": alpha, "scale": scale}
    return n, error, known


def replicates(rng: np.random.Generator, n: Array, error: Curve) -> tuple[tuple[Array, ...], float]:
    """Points of 5 to 20 replicates, and by what factor theirs differ from all materials'."""
    count = int(rng.choice([5, 10, 20]))
    own, fading = 10 ** rng.uniform(-2.3, -1.2, 2)
    lag = np.abs(np.log(n)[:, None] - np.log(n)[None, :])
    root = np.linalg.cholesky(np.exp(-lag / rng.uniform(0.3, 2)) + 1e-9 * np.eye(len(n)))
    logs = fading * rng.standard_normal((count, len(n))) @ root.T
    logs *= (n / n[-1]) ** -0.15  # small training sets scatter more
    common = 0.5 * own * rng.standard_normal((count, 1))
    logs += common + own * rng.standard_normal(logs.shape)
    values = error(n) * np.exp(logs)
    points = np.tile(n, count), values.ravel(), np.repeat(np.arange(count), len(n))
    return points, float(np.mean(np.exp(common)))


def simulate(form: str, trials: int) -> dict[str, Any]:
    """Coverage of parameters, forecasts and the sample size over random curves."""
    hits: dict[str, list[bool]] = {}
    offs, never = [], []
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        n, error, known = truth(rng, form)
        points, here = replicates(rng, n, error)
        law = fit_law(*points, draws=1000, seed=trial)
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
            hits.setdefault(f"E at {ratio}×", []).append(low <= here * error(n[-1] * ratio) <= high)
        hits.setdefault("C or flag", []).append(
            hits["transfer gap"][-1] or "limit_model_dependent" in law.flags
        )
        hits.setdefault("levelled off", []).append("levelled_off" in law.flags)
        if form == "plateau":
            continue  # nothing below it is ever reached
        reached = n[-1] * 10 ** rng.uniform(0.15, 1.2)
        answer = sample_size(law, here * float(error(reached)))
        inside = answer.quantile(0.05) <= reached <= answer.quantile(0.95)
        hits.setdefault("sample size", []).append(inside)
        offs.append(abs(np.log10(answer.median / reached)))
        never.append(answer.p_infinite > 0.5)
    row: dict[str, Any] = {"form": form, "curves": trials}
    names = ("decay rate", "scale", "transfer gap", "C or flag", "levelled off", "E at 2×",
             "E at 8×", "sample size")  # fmt: skip
    row |= {name: float(np.mean(hits[name])) if name in hits else "–" for name in names}
    if offs:
        row |= {"size off, decades": float(np.median(offs)), "wrongly never": float(np.mean(never))}
    return row


Known = tuple[float, float, Curve, float]
"""Decay rate, limit, expected error, and by what factor this study's materials differ."""


def study(rng: np.random.Generator, form: str) -> tuple[pd.DataFrame, dict[int, Known]]:
    """Errors of one study: five m, ten replicates that share test materials at every m."""
    n = np.unique(np.geomspace(30, 4000, 14).round())
    alpha, slow, reached = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.6), rng.uniform(0.1, 1.0)
    knee = 10 ** rng.uniform(-2, -0.5) if form == "knee" else 0.0
    frames: list[pd.DataFrame] = []
    known: dict[int, Known] = {}
    for m in (10, 20, 40, 80, 160):
        share = rng.uniform(0.2, 0.8)

        def error(at: Any, share: float = share) -> Array:
            at = np.minimum(at, reached * n[-1]) if form == "plateau" else np.asarray(at)
            u = (at / n[-1] + knee) / (1 + knee)
            fall = u**-alpha
            if form == "two powers":
                fall = 0.5 * fall + 0.5 * u ** (-alpha * slow)
            return np.asarray((1 - share) * fall + share)

        own, common = 10 ** rng.uniform(-2, -1.2), 0.1 * rng.standard_normal((10, 1))
        lag = np.abs(np.log(n)[:, None] - np.log(n)[None, :])
        root = np.linalg.cholesky(np.exp(-lag) + 1e-9 * np.eye(len(n)))
        logs = (
            0.5 * rng.standard_normal((10, len(n)))
            + 0.7 * rng.standard_normal((10, len(n))) @ root.T
        )
        values = error(n) * np.exp(common + own * logs)
        replicate, size = np.repeat(np.arange(10), len(n)), np.tile(n, 10)
        frames.append(pd.DataFrame({"replicate": replicate, "n_source": size, "n_target": m,
                                    "metric": "rmse", "value": values.ravel()}))  # fmt: skip
        limit = float(error(1e300)) if form == "plateau" else share
        known[m] = (alpha, limit, error, float(np.mean(np.exp(common))))
    return pd.concat(frames), known


def simulate_study(form: str, studies: int) -> dict[str, Any]:
    """Coverage and width over the curves of whole studies, which share their drift."""
    rows = []
    for number in range(studies):
        errors, known = study(np.random.default_rng(number), form)
        for law in study_laws(errors):
            alpha, limit, error, here = known[law.n_target or 0]
            far = 8 * law.curve.n[-1:]
            low, middle, high = np.quantile(np.log(law.draws.curves(far)[:, 0]), [0.05, 0.5, 0.95])
            came = float(np.log(here * error(far)[0]))
            covered = law.transfer_gap.low <= limit <= law.transfer_gap.high
            others = law.forecast_new_materials(far)
            rows.append({
                "decay rate": law.decay_rate.low <= alpha <= law.decay_rate.high,
                "transfer gap": covered,
                "C or flag": covered or "limit_model_dependent" in law.flags,
                "levelled off": "levelled_off" in law.flags,
                "E at 8×": low <= came <= high,
                "others at 8×": others.low[0] <= error(far)[0] <= others.high[0],
                "width at 8×": high - low,
                "interval score": high - low + 20 * max(low - came, came - high, 0.0),
                "miss": abs(middle - came),
                "last value": abs(float(law.curve.log_error[-1]) - came),
            })  # fmt: skip
    means: dict[str, Any] = pd.DataFrame(rows).astype(float).mean().to_dict()
    return {"form": form, "curves": len(rows)} | means


def main(argv: Sequence[str] | None = None) -> None:
    """Print both tables; benchmarks/laws_benchmark.py does so too."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--curves", type=int, default=100)
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--forms", nargs="+", choices=FORMS_SIMULATED, default=FORMS_SIMULATED)
    told = _kit.parse(parser, argv, smoke={"curves": 1, "studies": 1, "forms": ["plateau", "knee"]})
    for rows in (
        [simulate(form, told.curves) for form in told.forms],
        [simulate_study(form, told.studies) for form in told.forms],
    ):
        heads = list(dict.fromkeys(head for row in rows for head in row))
        _kit.table(heads, ([_shown(row.get(head, "–")) for head in heads] for row in rows))
        print()


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
