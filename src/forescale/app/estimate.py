"""How long a study will take here, and how much memory: before it runs.

A small part of it is really done: some of its materials are described, and one replicate is
computed with few of its computed values, both timed on this machine as busy as it is. What the
whole takes follows by how the time of a replicate grows with the number of computed values, which
was measured once and is the same everywhere. Until that small part is done, or where it cannot be
done, a rule of thumb is said, and said to be one.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from forescale.app.drafting import Asked, Drafted, Drafter
from forescale.descriptors import describe_new
from forescale.errors import ForescaleError
from forescale.study import Design, RunFolder, Study, load_data, run_replicates, sized
from forescale.words import count, duration

_VALUES = np.array([200.0, 500.0, 1000.0, 2000.0, 4000.0, 10_000.0])
"""Computed values that the figures below stand for."""
_SECONDS = np.array([1.0, 2.5, 6.0, 16.0, 50.0, 200.0])
"""Processor seconds of one replicate at these."""
_GIBIBYTES = np.array([0.4, 0.45, 0.5, 0.7, 1.3, 4.0])
"""Memory of one process at these."""
_MODEL = 6.0  # folds of the calibration, and the model: each about a replicate
_TRIED = 300  # computed and measured values of the small part
_DESCRIBED = 60  # materials of it that are described
_MOST_KEPT = 20


@dataclass(frozen=True)
class Pace:
    """How fast this machine is at a study.

    Attributes
    ----------
    start
        Seconds until the libraries are loaded.
    describe
        Materials described a second, by one process.
    replicate
        Seconds of one replicate with so many (``values``) computed values.
    measured
        Whether that was measured here, with this study.
    """

    start: float = 6.0
    describe: float = 100.0
    replicate: float = 2.5
    values: int = 500
    measured: bool = False

    @property
    def unsure(self) -> float:
        """By which factor an estimate may be off, either way."""
        return 1.5 if self.measured else 2.0

    def need(self, n: int, m: int, replicates: int, cores: int) -> float:
        """Seconds of a study with n computed and m measured values.

        >>> Pace().need(500, 200, 10, 2) < Pace().need(500, 200, 20, 2)
        True
        >>> Pace(replicate=5.0).need(500, 200, 10, 2) > Pace().need(500, 200, 10, 2)
        True
        """
        one = self.replicate * _usual(n) / _usual(self.values)
        rounds = -(-replicates // cores) + -(-_MODEL // cores)
        return self.start + (n + m) / self.describe / cores + rounds * one


@dataclass(frozen=True)
class Estimate:
    """What a study will need, in words."""

    time: str
    memory: str
    note: str
    measured: bool


class Paces:
    """Measures the pace of drafted studies, one after the other; the last ones are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Pace] = {}
        self._lock = threading.Lock()

    def known(self, draft: Drafted, asked: Asked) -> Pace:
        """The pace of a draft, as far as it is known."""
        return self._kept.get(_key(draft, asked), Pace())

    def measure(self, drafter: Drafter, draft: Drafted, asked: Asked, start: float) -> Pace:
        """Do a small part of a study, and time it; a rule of thumb where that fails.

        Parameters
        ----------
        start
            Seconds that the libraries of a process take to load.
        """
        key = _key(draft, asked)
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = _tried(drafter, draft, asked, start)
        return self._kept[key]


def estimate(draft: Drafted, asked: Asked, pace: Pace) -> Estimate:
    """Say what a drafted study will need on this machine."""
    n, m = _sizes(draft, asked)
    cores = os.cpu_count() or 1
    seconds = pace.need(n, m, asked.replicates, cores)
    processes = min(cores, asked.replicates)
    memory = processes * float(np.interp(n, _VALUES, _GIBIBYTES))
    on = f"{cores} {'core' if cores == 1 else 'cores'}"
    if pace.measured:
        note = (
            f"One replicate with {count(pace.values)} computed values took "
            f"{duration(pace.replicate)} just now; this is what follows for "
            f"{asked.replicates} with {count(n)} on {on}."
        )
    else:
        note = f"A rule of thumb for {count(n)} computed values on {on}, not measured here."
    return Estimate(
        time=f"About {duration(seconds / pace.unsure)} to {duration(seconds * pace.unsure)}",
        memory=f"about {memory:.1g} GiB" if memory < 10 else f"{memory:.0f} GiB",
        note=note,
        measured=pace.measured,
    )


def _sizes(draft: Drafted, asked: Asked) -> tuple[int, int]:
    """Computed values that are learnt from, and measured ones."""
    tables = [one.table for one in draft.sides.values()]
    sizes = [0 if table is None else len(table) for table in tables]
    most = max(sizes) if asked.sample is None else asked.sample
    return sum(min(size, most) for size in sizes[:-1]), sizes[-1]


def _usual(n: int) -> float:
    """Seconds of a replicate on the machine where these were measured; by slope beyond."""
    logs = np.log(_VALUES), np.log(_SECONDS)
    if n > _VALUES[-1]:
        slope = np.diff(logs[1])[-1] / np.diff(logs[0])[-1]
        return float(_SECONDS[-1] * (n / _VALUES[-1]) ** slope)
    return float(np.exp(np.interp(np.log(max(n, 1)), *logs)))


def _key(draft: Drafted, asked: Asked) -> tuple[object, ...]:
    return (*(table.path for table in draft.tables.values()), *sorted(asked.says.items(), key=str))


def _tried(drafter: Drafter, draft: Drafted, asked: Asked, start: float) -> Pace:
    with TemporaryDirectory(prefix="forescale-app-") as place:
        folder = Path(place)
        try:
            study = drafter.write(draft, drafter.text(draft, asked, folder), folder)
            return _timed(_small(study), folder / "run", start)
        except (ForescaleError, OSError, ValueError):
            return Pace()  # what is wrong is said where the study is begun


def _small(study: Study) -> Study:
    """A study with one replicate of few values."""
    share = max(10, _TRIED // len(study.source))
    sources = tuple(one.model_copy(update={"sample": share}) for one in study.source)
    target = study.target.model_copy(update={"sample": _TRIED})
    return study.model_copy(update={"source": sources, "target": target, "replicates": 1})


def _timed(study: Study, run: Path, start: float) -> Pace:
    data = load_data(study, on_error="skip", show_progress=False)
    keys = [*data.source.keys, *data.target.keys][:_DESCRIBED]
    began = time.perf_counter()
    describe_new(data.target.material_kind, study.descriptor.name, keys)
    described = len(keys) / (time.perf_counter() - began)
    study = sized(study, data)
    design = Design.of(study, data)
    folder = RunFolder.open(run, study, data, design)
    took = run_replicates(study, data, folder, design=design, show_progress=False)
    if not took or folder.lost_replicates():
        return Pace()
    return Pace(start, described, took, len(data.source), measured=True)
