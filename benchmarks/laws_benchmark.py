"""How well laws extrapolate, how often intervals cover, how far planned sizes are off.

Prints the tables kept in docs/laws-benchmark.md. Public curves are read from the folder
`curves` beside the one FORESCALE_MIRROR names. Tabular curves are divided once, by data set:
settings are chosen on two parts of four (`choose`), looked at along the way on one (`report`),
and the documentation's figures come from the last (`untouched`).

    python benchmarks/laws_benchmark.py [tabular|tabular_single|drug|joint|simulation|speed ...]
                                        [--of choose|report|untouched] [--out FOLDER]

With ``--out`` each curve of a table is kept as it lands, and not forecast again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import _kit
import numpy as np
import pandas as pd
from laws_simulation import FORMS_SIMULATED, simulate, simulate_study
from numpy.typing import NDArray

from forescale.laws import Law, LearningCurve, fit_joint, fit_law, read_curve
from forescale.laws.posterior import Posterior
from forescale.laws.profile import Profile
from forescale.laws.shapes import ALPHA_RANGE
from forescale.planning import sample_size

Array = NDArray[Any]
Part = tuple[str, pd.DataFrame, pd.DataFrame]
"""Name of a curve, its points to fit, and those beyond."""
MOST: int | None = None
"""So many curves of each kind, if not all."""
OF = "untouched"
"""Part of the tabular curves."""
OUT: Path | None = None
"""Where rows are kept as they land."""
ODD = "1088"
"""Data set whose tables go on with single values, hardly of the same data: see the docs."""
CURVES = Path(os.environ.get("FORESCALE_MIRROR", "github")).parent / "curves"


def part(dataset: str) -> str:
    """Part of the division that the curves of a data set belong to."""
    quarter = hashlib.sha256(f"dataset {dataset}".encode()).digest()[0] % 4
    return ("choose", "choose", "report", "untouched")[quarter]


def interval_score(low: Array, high: Array, truth: Array) -> float:
    """Mean width of 90 % intervals and 20 times what lies outside (Gneiting and Raftery 2007)."""
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return float(np.mean(high - low + 20 * outside))


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def late_profile(fit: pd.DataFrame, n: Array) -> Array:
    """D·n^-a + C by profiled least squares on the last half of log n: the best known."""
    fit = fit.sort_values("n")
    late = fit[fit.n >= np.sqrt(fit.n.min() * fit.n.max())]
    late = late if len(late) >= 4 else fit.tail(4)
    sizes, logs = late.n.to_numpy(float), np.log(late.error.to_numpy(float))
    profile = Profile.of(sizes, logs, np.eye(len(late)))
    alpha = np.exp(profile.best_alpha(ALPHA_RANGE)[0][:, None])
    share, a = profile.solve(alpha)[0][0, 0], alpha[0, 0]

    def shape(at: Array) -> Array:
        return np.asarray(np.log((1 - share) * (at / sizes[-1]) ** -a + share))

    return np.asarray(np.mean(logs - shape(sizes)) + shape(n))


def power_fit(fit: pd.DataFrame, n: Array) -> Array:
    slope, level = np.polyfit(np.log(fit.n), np.log(fit.error), 1)
    return np.asarray(level + slope * np.log(n))


def score(name: str, fit: pd.DataFrame, beyond: pd.DataFrame, given: str) -> dict[str, Any]:
    """How one curve is forecast, by us and by others."""
    fit, beyond = fit.sort_values("n"), beyond.sort_values("n")
    options = {"se": {"se": fit.se}, "none": {}}.get(given)
    if options is None:
        options = {"replicate": fit.replicate.to_numpy()}
    n, truth = beyond.n.to_numpy(float), np.log(beyond.error.to_numpy(float))
    law = fit_law(fit.n, fit.error, **options)
    forecast = law.predict(n)
    inside = (beyond.error >= forecast.low) & (beyond.error <= forecast.high)
    row = {
        "part": name,
        "combined": rms(np.log(forecast.median) - truth),
        "last value": rms(law.curve.log_error[-1] - truth),
        "power": rms(power_fit(fit, n) - truth),
        "late profile": rms(late_profile(fit, n) - truth),
        "coverage": float(inside.mean()),
        "at the largest n": float(inside.iloc[-1]),
        "interval score": interval_score(np.log(forecast.low), np.log(forecast.high), truth),
        "median width": float(np.median(np.log(forecast.high / forecast.low))),
        "own backtest": law.backtest["coverage"],
        "recent drop": recent_drop(law.curve),
    }
    posterior = Posterior.of(law.curve)
    rng = np.random.default_rng(0)
    for form in posterior.forms:
        alone = np.log(posterior.given(form).sample(400, rng).curves(n))
        row[f"drift {form}"] = rms(np.median(alone, axis=0) - truth)
    return row | planned(law, fit, beyond)


def recent_drop(curve: LearningCurve) -> float:
    """Fall of the log error per decade over the last decade of the fitted points."""
    recent = curve.n >= curve.n[-1] / 10
    return float(-np.polyfit(np.log10(curve.n[recent]), curve.log_error[recent], 1)[0])


def planned(law: Law, fit: pd.DataFrame, beyond: pd.DataFrame) -> dict[str, Any]:
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
        never.append(answer.p_infinite > 0.5)
    return {"decades": offs, "never": never}


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Mean over curves of every figure."""
    frame = pd.DataFrame(rows)
    line: dict[str, float] = {"curves": float(len(frame))}
    line |= frame.drop(columns=["part", "decades", "never", "recent drop"]).mean().to_dict()
    decades = [d for row in frame.decades for d in row]
    never = [v for row in frame.never for v in row]
    line["planned size, decades"] = float(np.median(decades)) if decades else np.nan
    line["wrongly never"] = float(np.mean(never)) if never else np.nan
    return line


def show(title: str, frame: pd.DataFrame, digits: int = 4) -> None:
    """Print a table under its title."""
    print(f"\n### {title}\n")
    rows = frame.itertuples(index=False)
    _kit.table(
        frame.columns,
        ([f"{v:.{digits}f}" if isinstance(v, float) else v for v in row] for row in rows),
    )


def tabular_curves() -> list[Part]:
    """Name, points to fit (up to an eighth of the largest n) and points beyond."""
    table = pd.read_csv(CURVES / "lcdb11_learn.csv.gz")
    chosen = []
    for name, curve in table.groupby("curve_id", sort=False):
        fitted = curve.n <= curve.n.max() / 8
        if part(str(name).split("|")[1]) == OF and fitted.sum() >= 5:
            chosen.append((str(name), curve[fitted], curve[~fitted]))
    return chosen[:MOST]


def curves(title: str, parts: list[Part], given: str) -> None:
    rows = scored(title, parts, given)
    word = "with standard errors" if given == "se" else "without"
    seconds = sum(row.pop("seconds") for row in rows)
    line = summary(rows)
    usual = [row for row in rows if row["part"].split("|")[1:2] != [ODD]]
    if len(usual) < len(rows):
        for key in ("combined", "coverage", "interval score"):
            line[f"{key}, {len(usual)} curves without data set {ODD}"] = summary(usual)[key]
    flat = [row for row in rows if row["recent drop"] < 0.05]
    if flat:
        ours, last = (np.mean([row[key] for row in flat]) for key in ("combined", "last value"))
        line[f"{len(flat)} flat curves, error / that of the last value"] = float(ours / last)
    table = pd.DataFrame({"": list(line), "mean": list(line.values())})
    show(f"{title}, {word} ({seconds:.0f} s of processor time)", table)


def scored(title: str, parts: list[Part], given: str) -> list[dict[str, Any]]:
    """Every curve's figures, and the processor seconds they took."""
    file_name = f"{title} {given}.jsonl".replace(",", "").replace(" ", "-")
    path = None if OUT is None else OUT / file_name
    kept: dict[str, dict[str, Any]] = {}
    if path is not None and path.exists():
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        kept = {row["part"]: row for row in rows}
    for name, fit, beyond in parts:
        if name in kept:
            continue
        began = time.process_time()
        kept[name] = score(name, fit, beyond, given)
        kept[name]["seconds"] = time.process_time() - began
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept[name], default=bool) + "\n")
    return [kept[name] for name, *_ in parts]


def tabular() -> None:
    curves(f"tabular, {OF} data sets", tabular_curves(), "se")


def tabular_single() -> None:
    curves(f"tabular, {OF} data sets", tabular_curves(), "none")


def drug() -> None:
    table = pd.read_csv(CURVES / "drug_response_mean.csv")
    parts = [
        (str(name), curve[curve.role == "fit"], curve[curve.role == "extrap"])
        for name, curve in table.groupby("curve_id", sort=False)
    ][:MOST]
    curves("drug response", parts, "se")
    curves("drug response", parts, "none")
    drug_replicates()


def drug_replicates() -> None:
    mean = pd.read_csv(CURVES / "drug_response_mean.csv")
    every = pd.read_csv(CURVES / "drug_response_replicates.csv")
    rows = []
    for name, curve in list(mean.groupby("curve_id", sort=False))[:MOST]:
        last = curve[curve.role == "fit"].n.max()
        points = every[(every.curve_id == name) & (every.n <= last)]
        rows.append((str(name), points, curve[curve.role == "extrap"]))
    line = summary([
        {key: value for key, value in row.items() if key != "seconds"}
        for row in scored("drug response", rows, "replicate")
    ])  # fmt: skip
    table = pd.DataFrame({"": list(line), "mean": list(line.values())})
    show("drug response, from replicates", table)


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


def least_squares(fit: pd.DataFrame, beyond: pd.DataFrame) -> dict[str, Array]:
    """Each joint form alone by least squares on log errors, many starts, no drift."""
    from scipy.optimize import least_squares as solve

    def product(p: Array, n: Any, m: Any) -> Any:
        a, al, b, be, e = np.exp(p)
        return (a * n**-al + b) * m**-be + e

    def separate(p: Array, n: Any, m: Any) -> Any:
        a, al, b, be, e = np.exp(p)
        return a * n**-al + b * m**-be + e

    def effective(p: Array, n: Any, m: Any) -> Any:
        d, k, g, be, e = np.exp(p)
        return d * (m + k * n**g) ** -be + e

    n, m = fit.n / fit.n.max(), fit.m / fit.m.max()
    far = beyond.n / fit.n.max(), beyond.m / fit.m.max()
    rng, found = np.random.default_rng(0), {}
    for form in (product, separate, effective):
        best: Any = None
        for _ in range(40 if MOST is None else MOST):
            start = rng.normal(-1, 1, 5)
            with np.errstate(all="ignore"):
                answer = solve(
                    lambda p, form=form: np.log(form(p, n, m)) - np.log(fit.error),
                    start,
                    bounds=(-25, 8),
                )  # fmt: skip
            best = answer if best is None or answer.cost < best.cost else best
        found[f"{form.__name__}, least squares"] = np.log(form(best.x, *far)).to_numpy()
    return found


def simulation() -> None:
    rows = [simulate(form, trials=MOST or 100) for form in FORMS_SIMULATED]
    show("simulation: coverage of 90 % intervals", pd.DataFrame(rows), 3)
    rows = [simulate_study(form, studies=MOST or 20) for form in FORMS_SIMULATED]
    show("simulated studies of five curves", pd.DataFrame(rows), 3)


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


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables of some parts, or of all."""
    global MOST, OF, OUT
    parser = _kit.parser(__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--most", type=int, help="so many curves of each kind")
    parser.add_argument("--of", default=OF, choices=["choose", "report", "untouched"])
    parser.add_argument("--out", type=Path, help="folder that keeps results")
    told = _kit.parse(parser, argv, smoke={"parts": ["tabular", "speed"], "most": 1})
    if unknown := set(told.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    MOST, OF, OUT = told.most, told.of, told.out
    for part in told.parts:
        if part in ("simulation", "speed") or CURVES.is_dir():
            PARTS[part]()


if __name__ == "__main__":
    main()
