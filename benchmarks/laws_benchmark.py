"""How well laws extrapolate, how often intervals cover, how far planned sizes are off.

Prints the tables kept in docs/laws-benchmark.md. Public curves are read from the folder
`curves` beside the one FORESCALE_MIRROR names; settings were chosen on the tuning half.

    python benchmarks/laws_benchmark.py [tabular|tabular_single|drug|joint|simulation|speed ...]
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from laws_simulation import simulate

from forescale.laws import fit_joint, fit_law, read_curve
from forescale.laws.posterior import Posterior
from forescale.laws.profile import Profile
from forescale.laws.shapes import ALPHA_RANGE
from forescale.planning import sample_size

CURVES = Path(os.environ.get("FORESCALE_MIRROR", "github")).parent / "curves"


def half(curve_id: str) -> str:
    return ("tuning", "reporting")[hashlib.sha256(curve_id.encode()).digest()[0] % 2]


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def late_profile(fit: pd.DataFrame, n: np.ndarray) -> np.ndarray:
    """D·n^-a + C by profiled least squares on the last half of log n: the best known."""
    fit = fit.sort_values("n")
    late = fit[fit.n >= np.sqrt(fit.n.min() * fit.n.max())]
    late = late if len(late) >= 4 else fit.tail(4)
    sizes, logs = late.n.to_numpy(float), np.log(late.error.to_numpy(float))
    profile = Profile.of(sizes, logs, np.eye(len(late)))
    alpha = np.exp(profile.best_alpha(ALPHA_RANGE)[0][:, None])
    share, a = profile.solve(alpha)[0][0, 0], alpha[0, 0]

    def shape(at: np.ndarray) -> np.ndarray:
        return np.log((1 - share) * (at / sizes[-1]) ** -a + share)

    return np.mean(logs - shape(sizes)) + shape(n)


def power_fit(fit: pd.DataFrame, n: np.ndarray) -> np.ndarray:
    slope, level = np.polyfit(np.log(fit.n), np.log(fit.error), 1)
    return level + slope * np.log(n)


def score(name: str, fit: pd.DataFrame, beyond: pd.DataFrame, given: str) -> dict:
    fit, beyond = fit.sort_values("n"), beyond.sort_values("n")
    options = {"se": {"se": fit.se}, "none": {}}.get(given)
    if options is None:
        options = {"replicate": fit.replicate.to_numpy()}
    n, truth = beyond.n.to_numpy(float), np.log(beyond.error.to_numpy(float))
    law = fit_law(fit.n, fit.error, **options)
    forecast = law.predict(n)
    inside = (beyond.error >= forecast.low) & (beyond.error <= forecast.high)
    row = {
        "half": half(name),
        "combined": rms(np.log(forecast.median) - truth),
        "last value": rms(law.curve.log_error[-1] - truth),
        "power": rms(power_fit(fit, n) - truth),
        "late profile": rms(late_profile(fit, n) - truth),
        "coverage": float(inside.mean()),
        "at the largest n": float(inside.iloc[-1]),
        "median width": float(np.median(np.log(forecast.high / forecast.low))),
        "own backtest": law.backtest["coverage"],
        "recent drop": recent_drop(law.curve),
    }
    posterior = Posterior.of(law.curve)
    rng = np.random.default_rng(0)
    for form in ("power", "power_limit", "knee"):
        alone = np.log(posterior.given(form).sample(400, rng).curves(n))
        row[f"drift {form}"] = rms(np.median(alone, axis=0) - truth)
    return row | planned(law, fit, beyond)


def recent_drop(curve) -> float:
    """Fall of the log error per decade over the last decade of the fitted points."""
    recent = curve.n >= curve.n[-1] / 10
    return float(-np.polyfit(np.log10(curve.n[recent]), curve.log_error[recent], 1)[0])


def planned(law, fit: pd.DataFrame, beyond: pd.DataFrame) -> dict:
    """Levels first reached near 2, 4 and 8 times the largest fitted size."""
    best = np.minimum.accumulate(beyond.error.to_numpy(float))
    n = beyond.n.to_numpy(float)
    offs, never = [], []
    for ratio in (2, 4, 8):
        k = int(np.argmin(np.abs(np.log(n / (ratio * law.curve.n[-1])))))
        level = float(best[k])
        if level >= fit.error.min():
            continue
        truth = n[int(np.argmax(best <= level))]
        answer = sample_size(law, level)
        offs.append(abs(np.log10(answer.median / truth)))
        never.append(answer.not_reachable > 0.5)
    return {"decades": offs, "never": never}


def summary(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    parts = [("tuning", frame[frame.half == "tuning"]), ("all", frame)]
    parts.insert(1, ("reporting", frame[frame.half == "reporting"]))
    lines = []
    for name, part in parts:
        line = {"half": name, "curves": len(part)}
        line |= (
            part.drop(columns=["half", "decades", "never", "recent drop"])
            .astype(float)
            .mean()
            .to_dict()
        )
        decades = [d for row in part.decades for d in row]
        line["planned size, decades"] = float(np.median(decades)) if decades else np.nan
        line["wrongly never"] = float(np.mean([v for row in part.never for v in row] or [np.nan]))
        lines.append(line)
    return pd.DataFrame(lines)


def show(title: str, frame: pd.DataFrame, digits: int = 4) -> None:
    print(f"\n### {title}\n")
    print("| " + " | ".join(frame.columns) + " |")
    print("|" + " --- |" * len(frame.columns))
    for row in frame.itertuples(index=False):
        cells = [f"{v:.{digits}f}" if isinstance(v, float) else str(v) for v in row]
        print("| " + " | ".join(cells) + " |")
    sys.stdout.flush()


def curves(file: str, title: str, given: str) -> None:
    table = pd.read_csv(CURVES / f"{file}.csv")
    began, rows = time.process_time(), []
    for name, curve in table.groupby("curve_id", sort=False):
        fit, beyond = curve[curve.role == "fit"], curve[curve.role == "extrap"]
        rows.append(score(str(name), fit, beyond, given))
    seconds = time.process_time() - began
    word = "with standard errors" if given == "se" else "without"
    show_halves(f"{title}, {word} ({seconds:.0f} s of processor time)", rows)
    flat = [row for row in rows if row["recent drop"] < 0.05]
    if flat:
        ours, last = (np.mean([row[key] for row in flat]) for key in ("combined", "last value"))
        print(
            f"\nFlat curves (fitted points fall less than 5 % over their last decade):"
            f" {len(flat)}, error relative to the last value seen: {ours / last:.3f}"
        )


def show_halves(title: str, rows: list[dict]) -> None:
    table = summary(rows).T.reset_index()
    show(title, table.set_axis(["", "tuning", "reporting", "all"], axis=1).iloc[1:])


def tabular() -> None:
    curves("lcdb11_subset300", "tabular", "se")


def tabular_single() -> None:
    curves("lcdb11_subset300", "tabular", "none")


def drug() -> None:
    curves("drug_response_mean", "drug response", "se")
    curves("drug_response_mean", "drug response", "none")
    drug_replicates()


def drug_replicates() -> None:
    mean = pd.read_csv(CURVES / "drug_response_mean.csv")
    every = pd.read_csv(CURVES / "drug_response_replicates.csv")
    rows = []
    for name, curve in mean.groupby("curve_id", sort=False):
        last = curve[curve.role == "fit"].n.max()
        points = every[(every.curve_id == name) & (every.n <= last)]
        rows.append(score(str(name), points, curve[curve.role == "extrap"], "replicate"))
    show(
        "drug response, from replicates",
        summary(rows).T.reset_index().set_axis(["", "tuning", "reporting", "all"], axis=1).iloc[1:],
    )


def joint() -> None:
    table = pd.read_csv(CURVES / "cg_transfer_joint_n_m.csv")
    fit, beyond = table[table.role == "fit"], table[table.role == "extrap"]
    n_last, m_last = fit.n.max(), fit.m.max()
    kinds = {
        "along n": (beyond.n > n_last) & (beyond.m <= m_last),
        "along m": (beyond.n <= n_last) & (beyond.m > m_last),
        "both": (beyond.n > n_last) & (beyond.m > m_last),
    }
    truth = np.log(beyond.error.to_numpy())
    law = fit_joint(fit.n, fit.m, fit.error, backtest=False)
    forecast = law.predict(beyond.n.to_numpy(), beyond.m.to_numpy())
    inside = ((beyond.error >= forecast.low) & (beyond.error <= forecast.high)).to_numpy()
    methods = {"combined, with drift": np.log(forecast.median)}
    methods |= least_squares(fit, beyond)
    near = [fit[(fit.n == min(n, n_last)) & (fit.m == min(m, m_last))].error.iloc[0]
            for n, m in zip(beyond.n, beyond.m, strict=True)]  # fmt: skip
    methods["last value"] = np.log(np.array(near))
    rows = [
        {"method": name, **{k: rms((logs - truth)[mask]) for k, mask in kinds.items()}}
        for name, logs in methods.items()
    ]
    rows.append({"method": "coverage", **{k: float(inside[v].mean()) for k, v in kinds.items()}})
    show("joint n × m grid, root-mean-square log error", pd.DataFrame(rows))


def least_squares(fit: pd.DataFrame, beyond: pd.DataFrame) -> dict[str, np.ndarray]:
    """Each joint form alone by least squares on log errors, many starts, no drift."""
    from scipy.optimize import least_squares as solve

    def product(p, n, m):
        a, al, b, be, e = np.exp(p)
        return (a * n**-al + b) * m**-be + e

    def separate(p, n, m):
        a, al, b, be, e = np.exp(p)
        return a * n**-al + b * m**-be + e

    def effective(p, n, m):
        d, k, g, be, e = np.exp(p)
        return d * (m + k * n**g) ** -be + e

    n, m = fit.n / fit.n.max(), fit.m / fit.m.max()
    far = beyond.n / fit.n.max(), beyond.m / fit.m.max()
    rng, found = np.random.default_rng(0), {}
    for form in (product, separate, effective):
        best = None
        for _ in range(40):
            start = rng.normal(-1, 1, 5)
            with np.errstate(all="ignore"):
                answer = solve(
                    lambda p, form=form: np.log(form(p, n, m)) - np.log(fit.error), start,
                    bounds=(-25, 8),
                )  # fmt: skip
            best = answer if best is None or answer.cost < best.cost else best
        found[f"{form.__name__}, least squares"] = np.log(form(best.x, *far)).to_numpy()
    return found


def simulation() -> None:
    rows = [simulate(form, trials=300) for form in ("law", "knee", "two powers")]
    show("simulation: coverage of 90 % intervals", pd.DataFrame(rows), 3)


def speed() -> None:
    rng = np.random.default_rng(0)
    n = np.geomspace(30, 3000, 24).round()
    errors = (0.5 * n**-0.3 + 0.1) * np.exp(0.03 * rng.standard_normal((20, 24)))
    rows = []
    for name, arguments in (
        ("20 replicates of 24 sizes", (np.tile(n, 20), errors.ravel(), np.repeat(range(20), 24))),
        ("24 sizes, one value each", (n, errors[0])),
    ):
        began = time.process_time()
        fit_law(*arguments, draws=2000)
        rows.append({"fit of 2,000 draws": name, "seconds": time.process_time() - began})
    show("speed (processor time, one core, backtests included)", pd.DataFrame(rows), 2)
    assert read_curve(n, errors[0]).noise is None


PARTS = {
    "tabular": tabular,
    "tabular_single": tabular_single,
    "drug": drug,
    "joint": joint,
    "simulation": simulation,
    "speed": speed,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
