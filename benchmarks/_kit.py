"""What the benchmarks share: their command line, a tiny input, clocks and Markdown tables.

Every script has ``main(argv=None)``, whose parser is made here, so that each takes ``--smoke``: all
that the script does, on an input so small that it takes seconds. `tests/benchmarks` runs each
that way. A script looks like this:

    def main(argv: Sequence[str] | None = None) -> None:
        parser = _kit.parser(__doc__)
        parser.add_argument("--replicates", type=int, default=20)
        arguments = _kit.parse(parser, argv, smoke={"replicates": 2})
        study = _kit.study(STUDY, arguments, replicates=arguments.replicates)
        _kit.table(("n", "RMSE"), [(10, "0.31")])

====================  ==========================================================================
`parser`, `parse`     a parser with ``--smoke``; what ``--smoke`` sets the other arguments to
`study`, `shrunk`     a study file as told, or with few rows, cells and replicates
`ran`                 a study run or resumed in a folder, quietly
`bundled_run`         a small run folder, where a script is given runs
`Clock`               ``with Clock() as clock``: ``clock.wall``, ``clock.cpu`` (with children)
`peak_gib`            the most memory that this process held, and those it waited for
`elsewhere`           a program of another environment, run on one thread
`Table`, `table`      Markdown, row by row as they come, or at once
`markdown`            the same as text, for a page that a script writes
`grid_table`          mean error over the grid of a run
`law_table`           the laws of a metric: rate, scale, gap, R², flags
====================  ==========================================================================
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from forescale import words
from forescale.laws import Law
from forescale.metrics import label_of
from forescale.study import RunFolder, Study, load_study
from forescale.workflow import Conclusion, run_study

__all__ = ["label_of"]
EXAMPLES = Path(__file__).parents[1] / "examples"
BUNDLED = Path(str(files("forescale.study.bundled").joinpath("refractive-index.toml")))


# -- command line ----------------------------------------------------------------------------------


def parser(text: str | None) -> argparse.ArgumentParser:
    """A parser that knows ``--smoke``; ``text`` is the script's docstring."""
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--smoke", action="store_true", help="all of it, on an input that takes seconds"
    )
    return made


def parse(
    made: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    smoke: Mapping[str, Any] | None = None,
) -> argparse.Namespace:
    """Arguments; with ``--smoke`` those of ``smoke`` in place of their defaults.

    Arguments of ``smoke`` need not be given: a folder that is required otherwise, say.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if "--smoke" in given:
        for action in made._actions:
            if action.dest in (smoke or {}):
                action.required = False
                if not action.option_strings and action.nargs in (None, "+"):
                    action.nargs = "?" if action.nargs is None else "*"
        made.set_defaults(**(smoke or {}))
    return made.parse_args(given)


# -- studies ---------------------------------------------------------------------------------------


def study(path: Path, arguments: argparse.Namespace, **changes: Any) -> Study:
    """The study of a file with other settings, shrunk with ``--smoke``."""
    loaded = load_study(path)
    if arguments.smoke:
        loaded = shrunk(loaded)
        changes.pop("replicates", None)
    return loaded.model_copy(update=changes)


def shrunk(whole: Study, rows: int = 80, measured: int = 60) -> Study:
    """The study on so many rows of its first source and its target: few cells, one metric."""
    source = (whole.source[0].model_copy(update={"sample": rows}),)
    target = whole.target.model_copy(update={"sample": measured})
    grid = whole.grid.model_copy(
        update={"n_source": (10, 20, 40), "n_target": (20,), "all_measured": False}
    )
    small = {"source": source, "target": target, "grid": grid, "replicates": 2}
    return varied(whole.model_copy(update=small), metrics=["rmse"])


def varied(whole: Study, **evaluation: Any) -> Study:
    """The study judged another way: ``split``, ``overlap``, ``metrics``."""
    changed = whole.evaluation.model_dump(mode="json") | evaluation
    return whole.model_copy(update={"evaluation": type(whole.evaluation).model_validate(changed)})


def ran(whole: Study, folder: Path, workers: int = 1) -> Conclusion:
    """Run the study in a folder, or what is missing of it."""
    return run_study(whole, folder, workers=workers, model=False, show_progress=False)


def bundled_run(name: str = "tiny") -> RunFolder:
    """A run of ours, on a few rows of the bundled study, in the working folder."""
    folder = Path(name)
    study = shrunk(load_study(BUNDLED)).model_copy(update={"name": name})
    grid = study.grid.model_copy(update={"n_source": (10, 14, 20, 40, 80, 160)})
    source = tuple(one.model_copy(update={"sample": 250}) for one in study.source)
    run_study(
        study.model_copy(update={"grid": grid, "source": source}),
        folder, model=False, show_progress=False,
    )  # fmt: skip
    return RunFolder(folder)


# -- clocks ----------------------------------------------------------------------------------------


@dataclass
class Clock:
    """Seconds of a block: on the wall, and of the processor with all children waited for.

    On a machine that does other things too, the processor's are what to compare.
    """

    wall: float = 0.0
    cpu: float = 0.0
    _from: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    def __enter__(self) -> Self:
        self._from = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._from[0]
        self.cpu = cpu_seconds() - self._from[1]


def cpu_seconds() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_gib(processes: int = 0) -> float:
    """The most this process has held, and ``processes`` times the most of a finished child."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + processes * child) / 1024**2


_THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip


def elsewhere(words: Sequence[object], folder: Path) -> None:
    """Run a program of another environment in a folder, on one thread; raises what it says."""
    program, *rest = map(str, words)
    found = Path(shutil.which(program) or program).absolute()  # told from here, run from there
    done = subprocess.run(
        [found, *rest],
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:] or done.stdout[-2000:])


# -- tables ----------------------------------------------------------------------------------------


class Table:
    """A Markdown table that is printed as its rows come."""

    def __init__(self, *heads: object) -> None:
        self._width = len(heads)
        self._print(heads)
        print("|" + " --- |" * self._width, flush=True)

    def row(self, *cells: object) -> None:
        """Print a row; it has as many cells as the head."""
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} cells under {self._width} heads: {cells}")
        self._print(cells)

    @staticmethod
    def _print(cells: Iterable[object]) -> None:
        print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    printed = Table(*heads)
    for row in rows:
        printed.row(*row)


def markdown(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table as text, empty where there is no row."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    head = [f"| {' | '.join(map(str, heads))} |", "|" + " --- |" * len(heads)]
    return "\n".join([*head, *lines]) if lines else ""


def mean_and_error(values: Sequence[float] | np.ndarray[Any, Any], digits: int = 3) -> str:
    """Mean ± standard error of independent values."""
    known = np.asarray(values, dtype=float)
    if len(known) < 2:
        return f"{known.mean():.{digits}f}"
    return f"{known.mean():.{digits}f} ± {known.std(ddof=1) / np.sqrt(len(known)):.{digits}f}"


def grid_table(
    errors: pd.DataFrame,
    metric: str = "rmse",
    half: pd.DataFrame | None = None,
    sizes: int = 5,
    digits: int = 4,
) -> None:
    """Print the mean error over a run's grid: some of its n, all m, scratch and zero-shot.

    Parameters
    ----------
    errors, half
        Of the run, and of its learner with half the capacity at the largest n.
    sizes
        How many of the sizes of n.
    """
    means = _means(errors, metric)
    n = np.array(sorted({size for size, _ in means.index} - {0}))
    m = sorted({size for _, size in means.index} - {0})
    some = np.unique(np.linspace(0, len(n) - 1, sizes).astype(int))

    def shown(table: pd.Series, size: int) -> list[str]:
        known = [(size, other) in table.index for other in (*m, 0)]
        cells = zip((*m, 0), known, strict=True)
        return [f"{table[size, one]:.{digits}f}" if there else words.ABSENT for one, there in cells]

    printed = Table("n", *(f"m = {size}" for size in m), "zero-shot")
    for size in [0, *n[some].tolist()]:
        printed.row(size or "scratch", *shown(means, size))
    if half is not None and len(half):
        printed.row(f"{n[-1]}, half the capacity", *shown(_means(half, metric), int(n[-1])))


def _means(errors: pd.DataFrame, metric: str) -> pd.Series:
    chosen = errors[errors["metric"] == metric]
    return chosen.groupby(["n_source", "n_target"])["value"].mean()


def law_table(laws: Iterable[Law], metric: str = "rmse") -> None:
    """Print the laws of a metric, with what the next doubling of n would bring."""
    printed = Table(
        "m", "decay rate", "scale D", "transfer gap C", "R²", "flags", "doubling n would bring"
    )
    for law in laws:
        if law.metric == metric:
            last = float(law.curve.n[-1])
            now, later = law.predict([last, 2 * last]).median
            printed.row(
                law.n_target or "zero-shot",
                *(words.interval(q) for q in (law.decay_rate, law.scale, law.transfer_gap)),
                f"{law.r_squared:.3f}",
                ", ".join(law.flags),
                f"{now - later:+.4f} lower",
            )
