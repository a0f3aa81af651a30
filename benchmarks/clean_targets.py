"""Conclusions on several measured tables of one property: what holds on each of them.

    FORESCALE_MIRROR=… python benchmarks/clean_targets.py RUN [RUN …] [--shared FOLDER]

For each run and each m: the error from scratch and with all computed values, the gain of the latter
(mean of paired replicates with the standard error over blocks of balanced test sets), the decay
rate and limit of the law, and the verdict. ``--shared`` first runs two studies in FOLDER, both on
the polymers that are in the older *and* in the clean table of measured densities, once with the
values of each: what differs there is the values, not the materials.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import _kit
import numpy as np
import pandas as pd
import tomli_w

from forescale import words
from forescale.catalog import load_dataset
from forescale.laws import RunLaws
from forescale.planning import make_plan
from forescale.study import RunFolder, load_study

STUDY = _kit.EXAMPLES / "polymer-density-simpoly.toml"
SOURCES = ("radonpy-pi1070", "polymer-density-md")
TABLES = {"clean": "simpoly-measured", "older": "polymer-density-measured"}


def main(argv: Sequence[str] | None = None) -> None:
    """Print one row for each run and m."""
    parser = _kit.parser(__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--metric", default="rmse")
    arguments = _kit.parse(parser, argv, smoke={"shared": Path("shared")})
    shared = [] if arguments.shared is None else both(arguments.shared, arguments.smoke)
    table = _kit.Table(
        "run", "m", "scratch", "all computed", "n", "gain", "decay rate α", "limit C", "flags",
        "verdict",
    )  # fmt: skip
    for path in [*arguments.runs, *shared]:
        rows(RunFolder(path), arguments.metric, table)


def both(folder: Path, smoke: bool) -> list[Path]:
    """Run the two studies on the polymers of both tables; the paths of their runs."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {name: density(dataset) for name, dataset in TABLES.items()}
    keys = values["clean"].index.intersection(values["older"].index)
    difference = values["clean"][keys] - values["older"][keys]
    print(
        f"{len(keys)} polymers in both: RMS difference {np.sqrt((difference**2).mean()):.3f}, "
        f"mean (clean - older) {difference.mean():+.3f} g/cm³"
    )
    for source in SOURCES:
        computed = density(source)
        there = keys.intersection(computed.index)
        bias = {name: (computed[there] - one[there]).mean() for name, one in values.items()}
        told = ", ".join(f"{mean:+.3f} from the {name} values" for name, mean in bias.items())
        print(f"{source}: on average {told} ({len(there)} polymers in all three)")
    print()
    paths = []
    for name in TABLES:
        frame = pd.DataFrame({"smiles": keys, "rho": values[name][keys].to_numpy()})
        frame.to_csv(folder / f"{name}.csv", index=False)
        own = {"file": f"{name}.csv", "kind": "polymer", "material": "smiles", "value": "rho"}
        plain = load_study(STUDY).to_plain() | {"name": f"polymer-density-shared-{name}"}
        plain["target"] = own | {"unit": "g/cm^3"}
        (folder / f"{name}.toml").write_text(tomli_w.dumps(plain), "utf-8")
        study = load_study(folder / f"{name}.toml")
        _kit.ran(_kit.shrunk(study) if smoke else study, folder / name)
        paths.append(folder / name)
    return paths


def density(dataset: str) -> pd.Series:
    """Densities of a dataset, by the keys of its polymers."""
    table = load_dataset(dataset, "density")
    return pd.Series(table.values, table.keys)


def rows(folder: RunFolder, metric: str, table: _kit.Table) -> None:
    """Print a run's rows."""
    errors, laws, manifest = folder.errors(), RunLaws.of(folder), folder.manifest
    errors = errors[errors["metric"] == metric]
    last = int(errors["n_source"].max())
    verdicts = {
        law.law.n_target: law.verdict.decision for law in make_plan(laws).laws
        if law.law.metric == metric
    }  # fmt: skip
    for law in laws:
        if law.metric == metric and law.n_target:
            at = errors[errors["n_target"] == law.n_target]
            scratch, computed, gain = gained(at, last, manifest.study.evaluation.block)
            table.row(
                manifest.name, law.n_target, f"{scratch:.4f}", f"{computed:.4f}", last, gain,
                words.interval(law.decay_rate), words.interval(law.transfer_gap),
                ", ".join(law.flags), verdicts[law.n_target],
            )  # fmt: skip


def gained(errors: pd.DataFrame, last: int, block: int | None) -> tuple[float, float, str]:
    """Mean error from scratch, with all computed values, and the gain in percent."""
    wide = errors.pivot_table(index="replicate", columns="n_source", values="value")[[0, last]]
    means = wide.dropna().groupby(lambda replicate: replicate // (block or 1)).mean()
    gain = 100 * (1 - means[last] / means[0])
    return float(wide[0].mean()), float(wide[last].mean()), f"{_kit.mean_and_error(gain, 1)} %"


if __name__ == "__main__":
    main()
