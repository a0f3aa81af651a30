"""Are verdicts and planned sizes right? Curves are cut at an eighth and judged by what came.

Prints the tables kept in docs/planning.md. Public curves are read from the folder `curves`
beside the one FORESCALE_MIRROR names; own studies are run folders given as arguments.

    python benchmarks/verdicts.py [RUN …] [--curves 100] [--simulated 40]

A verdict is right when it says "compute more" and eight times the data lowered the error by
5 % or more, or "stop" or "measure more" and it did not. Nothing was chosen on these curves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import _kit
import numpy as np
import pandas as pd

from forescale.laws import Law, fit_law, study_laws
from forescale.metrics import Floats
from forescale.planning import Action, SampleSize, make_plan
from forescale.planning.size import WORTH
from forescale.study import RunFolder

CURVES = Path(os.environ.get("FORESCALE_MIRROR", "github")).parent / "curves"
RATIO = 8.0
PART = 0.9
"""A level so far below the best error that came is one that was never reached."""


@dataclass
class Tally:
    """What a set of curves came to."""

    given: list[bool] = field(default_factory=list)
    open: int = 0
    decades: list[float] = field(default_factory=list)
    wrongly_never: list[bool] = field(default_factory=list)
    unreachable: list[float] = field(default_factory=list)
    stated: list[bool] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Cells of the table."""
        total = len(self.given) + self.open
        return (
            name,
            str(total),
            _share(self.given),
            f"{self.open / total:.0%}" if total else "–",
            _median(self.decades),
            _share(self.wrongly_never),
            _median(self.unreachable),
            _share(self.stated),
        )


def _share(values: list[bool]) -> str:
    return f"{np.mean(values):.0%}" if values else "–"


def _median(values: list[float]) -> str:
    return f"{np.median(values):.2f}" if values else "–"


def judge(tally: Tally, law: Law, n: Floats, error: Floats, limit: float) -> None:
    """Add one curve: its law of the smaller sizes, and what came at the larger ones.

    Parameters
    ----------
    limit
        Level that is known, or taken, never to be reached.
    """
    last = float(law.curve.n[-1])
    came = float(np.interp(np.log(RATIO * last), np.log(n), error))
    pays = came <= (1 - WORTH) * float(law.curve.error[-1])
    decision = make_plan(law).verdict.decision
    if decision is Action.OPEN:
        tally.open += 1
    else:
        tally.given.append((decision is Action.COMPUTE) == pays)
    best = np.minimum.accumulate(error)
    for ratio in (2, 4, 8):
        level = float(best[int(np.argmin(np.abs(np.log(n / (ratio * last)))))])
        if level >= float(law.curve.error.min()):
            continue
        answer = SampleSize.of(law, level)
        truth = float(n[int(np.argmax(best <= level))])
        if np.isfinite(answer.size.median):
            tally.decades.append(abs(float(np.log10(answer.size.median / truth))))
        tally.wrongly_never.append(answer.size.p_infinite > 0.5)
        tally.stated.append(answer.answer == "number")
    if limit < law.curve.error[-1]:
        tally.unreachable.append(SampleSize.of(law, limit).size.p_infinite)


def public(file: str, most: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """The smaller and the larger sizes of public curves."""
    table = pd.read_csv(CURVES / file)
    for name in sorted(table["curve_id"].unique())[:most]:
        curve = table[table["curve_id"] == name].sort_values("n")
        cut = curve["n"].max() / RATIO
        yield curve[curve["n"] <= cut], curve[curve["n"] > cut]


def tabular(most: int) -> Tally:
    """Classifiers of tables."""
    tally = Tally()
    for early, late in public("lcdb11_subset300.csv", most):
        law = fit_law(early["n"], early["error"], se=early["se"])
        n, error = late["n"].to_numpy(float), late["error"].to_numpy(float)
        judge(tally, law, n, error, PART * float(error.min()))
    return tally


def drugs(most: int) -> Tally:
    """Drug response."""
    tally = Tally()
    for early, late in public("drug_response_replicates.csv", most):
        if early["n"].nunique() < 4:
            continue
        law = fit_law(early["n"], early["error"], early["replicate"].to_numpy())
        means = late.groupby("n")["error"].mean()
        n, error = means.index.to_numpy(float), means.to_numpy()
        judge(tally, law, n, error, PART * float(error.min()))
    return tally


def study(path: Path) -> Tally:
    """Every law of a run folder, from an eighth of its sizes."""
    tally, folder = Tally(), RunFolder(path)
    errors = folder.errors()
    errors = errors[(errors["n_source"] > 0) & errors["metric"].isin(["rmse", "mae"])]
    cut = errors["n_source"].max() / RATIO
    early = errors[errors["n_source"] <= cut]
    manifest = folder.manifest
    for law in study_laws(early, seed=manifest.seed, block=manifest.study.evaluation.block):
        own = (errors["metric"] == law.metric) & (errors["n_target"] == law.n_target)
        late = errors[own & (errors["n_source"] > cut)].dropna()
        if len(law.curve.n) < 4:
            continue
        means = late.groupby("n_source")["value"].mean()
        n, error = means.index.to_numpy(float), means.to_numpy()
        judge(tally, law, n, error, PART * float(error.min()))
    return tally


def simulated(most: int, *, plateau: bool) -> Tally:
    """Exact laws whose limit is known, ten replicates that share scatter."""
    tally, rng = Tally(), np.random.default_rng(1)
    sizes = np.unique(np.rint(np.geomspace(30, 20000, 14)))
    seen = sizes[sizes <= sizes[-1] / RATIO]
    for _ in range(most):
        alpha = float(np.exp(rng.normal(np.log(0.4), 0.4)))
        share = float(rng.uniform(0.75, 0.97) if plateau else rng.uniform(0.0, 0.4))
        middle = seen[len(seen) // 2] if plateau else seen[-1]
        truth = share + (1 - share) * (sizes / middle) ** -alpha
        common = rng.normal(0, 0.05, (10, 1))
        errors = truth * np.exp(common + rng.normal(0, 0.01, (10, len(sizes))))
        k = len(seen)
        law = fit_law(np.tile(seen, 10), errors[:, :k].ravel(), np.repeat(np.arange(10), k))
        judge(tally, law, sizes[k:], errors.mean(axis=0)[k:], 0.95 * share)
    return tally


HEADS = (
    "curves", "how many", "verdicts right", "cannot tell yet", "planned n*, decades",
    "wrongly never", "p(not reachable) where never", "number stated where reached",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--curves", type=int, default=100)
    parser.add_argument("--simulated", type=int, default=40)
    told = _kit.parse(parser, argv, smoke={"curves": 1, "simulated": 1})
    table = _kit.Table(*HEADS)
    for path in told.runs:
        table.row(*study(path).row(RunFolder(path).manifest.name))
    if told.simulated:
        exact = simulated(told.simulated, plateau=False)
        table.row(*exact.row("simulated, exact laws"))
        flat = simulated(told.simulated, plateau=True)
        table.row(*flat.row("simulated, plateaus"))
    if CURVES.is_dir():
        table.row(*drugs(1 if told.smoke else 99).row("drug response"))
        table.row(*tabular(told.curves).row("tabular"))


if __name__ == "__main__":
    main()
