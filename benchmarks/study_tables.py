"""Tables of finished runs, as the case-study pages show them.

    python benchmarks/study_tables.py RUN [RUN …] [--metric mae]

For each run folder: mean error at five sizes of n and at the largest with half the
learner's capacity, the laws with 90 % intervals, and what the next doubling would bring.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import _kit

from forescale.laws import RunLaws
from forescale.study import RunFolder


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables of each run."""
    parser = _kit.parser(__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--metric", default="rmse")
    arguments = _kit.parse(parser, argv, smoke={"runs": []})
    for path in arguments.runs or [_kit.bundled_run().path]:
        folder = RunFolder(path)
        manifest = folder.manifest
        evaluation = manifest.study.evaluation
        unit = manifest.metric_unit
        print(f"\n### {path.name}: mean {_kit.label_of(arguments.metric)} ({unit})\n")
        print(f"split = {evaluation.split}, overlap = {evaluation.overlap}\n")
        _kit.grid_table(folder.errors(), arguments.metric, folder.half_capacity_errors())
        print()
        _kit.law_table(RunLaws.of(folder).laws, arguments.metric)
        print(f"\nNoise floor: {manifest.noise_floor}")


if __name__ == "__main__":
    main()
