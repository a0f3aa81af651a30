"""Two databases of band gaps: together against each alone, merged, and two seeds of the better.

    FORESCALE_MIRROR=… python benchmarks/several_sources.py [--rows 6000] [--replicates 3]

Materials Project and OQMD, at most so many values of each, measured gaps on the other side; no
computed value of any measured formula is used. The same splits for all; differences are paired.
Each (learner, what, replicate) is appended to a file as it lands and not computed again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from forescale.learners import Grid, get_learner
from forescale.study import Design, Study, StudyData, load_data

SOURCES = {"MP": "band-gap-materials-project", "OQMD": "band-gap-oqmd"}
WHAT = ("MP", "OQMD", "both", "merged", "MP, two seeds")


def settings(what: str, rows: int, measured: int, replicates: int, sizes: list[int]) -> Study:
    """The study of one of `WHAT`."""
    names = [name for name in SOURCES if name in what] or list(SOURCES)
    return Study.model_validate(
        {
            "name": "gaps",
            "replicates": replicates,
            "merge": what == "merged",
            "source": [{"name": n, "dataset": SOURCES[n], "sample": rows} for n in names],
            "target": {"dataset": "band-gap-measured", "sample": measured},
            "descriptor": {"name": "composition"},
            "evaluation": {"overlap": "disjoint"},
            "censoring": {"floor": 0.0, "learn_as": -1.0},
            "grid": {"n_target": sizes, "all_measured": False},
        }
    )


def errors(
    learner: Any, data: StudyData, study: Study, seeds: Sequence[int], skip: set[int]
) -> Any:
    """Mean absolute errors of each replicate at each m, and processor seconds."""
    with TemporaryDirectory() as scratch, threadpool_limits(1):
        prepared = learner.prepare(data.arrays(), Path(scratch))
        sizes = np.array(study.grid.n_target)
        for replicate, split in enumerate(Design.of(study, data).splits):
            if replicate in skip:
                continue
            started = time.process_time()
            grid = Grid(np.array([len(split.source)]), sizes)
            found = [prepared.predict(split, grid, seed).mean for seed in seeds]
            mean = np.maximum(np.mean(found, axis=0)[-1, 1:], 0.0)
            miss = np.abs(mean - data.target.values[split.test]).mean(axis=1)
            yield replicate, miss.tolist(), time.process_time() - started


def read(out: Path) -> list[dict[str, Any]]:
    """What has been computed."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def run(arguments: Any) -> None:
    """Compute what is missing."""
    done = read(arguments.out)
    for name in arguments.learners:
        learner = get_learner(name, {})
        for what in arguments.what:
            there = {r["replicate"] for r in done if (r["learner"], r["what"]) == (name, what)}
            if there >= set(range(arguments.replicates)):
                continue
            study = settings(
                what, arguments.rows, arguments.measured, arguments.replicates, arguments.sizes
            )
            data = load_data(study, on_error="skip", workers=1, show_progress=False)
            seeds = (0, 1) if "two seeds" in what else (0,)
            for replicate, miss, seconds in errors(learner, data, study, seeds, there):
                line = {"learner": name, "what": what, "replicate": replicate, "mae": miss,
                        "sizes": arguments.sizes, "rows": arguments.rows,
                        "seconds": seconds}  # fmt: skip
                with arguments.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")


def table(out: Path) -> None:
    """Means, and the difference from the better of the two alone at each m, paired."""
    frame = pd.DataFrame(read(out))
    for name, own in frame.groupby("learner", sort=False):
        sizes = own["sizes"].iloc[0]
        found = {
            what: pd.DataFrame(part["mae"].tolist(), index=part["replicate"], columns=sizes)
            for what, part in own.groupby("what", sort=False)
        }
        print(f"\n### {name}, {own['rows'].iloc[0]} values of each, MAE in eV\n")
        rows = []
        for what, values in found.items():
            cells = [what]
            for m in sizes:
                alone = [found[one][m] for one in SOURCES if one in found]
                better = min(alone, key=lambda one: one.mean())
                gap = (values[m] - better).dropna()
                text = f"{values[m].mean():.4f}"
                if what not in SOURCES and len(gap) > 1:
                    text += f" ({gap.mean():+.4f} ± {gap.std() / len(gap) ** 0.5:.4f})"
                cells.append(text)
            seconds = own.loc[own["what"] == what, "seconds"].mean()
            rows.append((*cells, f"{len(values)}", f"{seconds:.1f}"))
        _kit.table(("source", *(f"m = {m}" for m in sizes), "replicates", "s each"), rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Compute what is missing, and print all there is."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--learners", nargs="*", default=["boosted", "blend", "gp"])
    parser.add_argument("--what", nargs="*", default=list(WHAT))
    parser.add_argument("--sizes", nargs="*", type=int, default=[20, 80, 320, 1280])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--measured", type=int, default=2000)
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("several-sources.jsonl"))
    smoke = {"learners": ["gp"], "what": ["MP", "OQMD", "both"], "sizes": [10, 20], "rows": 60,
             "measured": 60, "replicates": 2}  # fmt: skip
    arguments = _kit.parse(parser, argv, smoke)
    run(arguments)
    table(arguments.out)


if __name__ == "__main__":
    main()
