"""The error on measured materials, as an arm's computed values grew.

Cells once found stay: a replicate's split comes from the seed and its number, and rows are only
ever added at the end of its order. A round computes the sizes that are new.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import Workers, run_jobs
from forescale._machine.threads import one_thread
from forescale.descriptors import columns_of, describe
from forescale.errors import ConfigError
from forescale.growth.config import JudgedConfig, LoopConfig
from forescale.learners import Block, Grid, PreparedLearner, TransferData, get_learner
from forescale.learners.contract import Ints
from forescale.splits import Split, learner_seed, replicate_rng, split_target
from forescale.study.replicate import judge
from forescale.study.sections import LearnerSpec
from forescale.tables import PropertyTable

SMALLEST = 8
"""Fewest computed values from which an error is found."""
_FEWEST = 3
"""Fewest of them that a replicate must be allowed to use."""
REFERENCE = 1_000
"""Materials of a pool from which scales of features are learnt."""
_PARALLEL = 400
"""Sizes below which a replicate is done sooner than a process has started."""
_PROCESSES = ("gp", "boosted", "blend")
_STATIONARY = (0.0,)
"""No linear part unless the loop file asks for one: orders do not know it, and it extrapolates from
chosen materials, which are unlike each other, to those that were not chosen."""
_COLUMNS = ["replicate", "n_source", "n_target", "metric", "value"]


@dataclass(frozen=True)
class Computed:
    """An arm's values, ready to be learnt from.

    Parameters
    ----------
    keys, features, values
        In the order in which they were computed; values in the target's unit.
    rounds
        Round of each: the order within a round is shuffled where the arm's order is random.
    exchangeable
        Whether any order of the rows was as likely, so that replicates may shuffle them.
    reference
        Features of materials of the pool from which scales are learnt, shape (rows, features):
        inputs alone, the same in every round.
    """

    keys: NDArray[np.object_]
    features: NDArray[np.float32]
    values: NDArray[np.float64]
    rounds: Ints
    exchangeable: bool
    reference: NDArray[np.float32]


@dataclass(frozen=True)
class Bench:
    """The measured side and its replicates.

    Parameters
    ----------
    target
        Measured values.
    features, is_count
        Descriptor of the measured materials, shape (rows, features).
    columns
        What the features are called.
    """

    target: PropertyTable
    features: NDArray[np.float32]
    is_count: NDArray[np.bool_]
    config: JudgedConfig
    learner: LearnerSpec
    seed: int
    same_property: bool = True
    columns: tuple[str, ...] = ()

    def keep(self, columns: Set[str]) -> Bench:
        """The same, described by these columns."""
        kept = [place for place, name in enumerate(self.columns) if name in columns]
        return replace(
            self,
            features=self.features[:, kept],
            is_count=self.is_count[kept],
            columns=tuple(self.columns[place] for place in kept),
        )

    @property
    def sizes_m(self) -> tuple[int, ...]:
        """Numbers of measured values to fine-tune on; the last is what decisions are for."""
        if self.config.n_target:
            return self.config.n_target
        most = len(self.target) - max(1, round(self.config.test_fraction * len(self.target)))
        if most < SMALLEST:
            raise ConfigError(
                f"target: got {len(self.target)} measured materials, expected at least "
                f"{round(SMALLEST / (1 - self.config.test_fraction)) + 1}"
            )
        return tuple(sorted({max(3, most // 4), most}))

    def split(self, replicate: int, computed: Computed) -> tuple[Split, Ints]:
        """Rows of one replicate, and how many of the first computed values are among them.

        Every replicate has every size: where values of tested materials are hidden, n counts them,
        as they were paid for.
        """
        groups = np.arange(len(self.target))
        rng = replicate_rng(self.seed, replicate)
        train, test = split_target(
            rng, groups, self.config.test_fraction, train_size=self.sizes_m[-1]
        )
        order = np.arange(len(computed.keys))
        if computed.exchangeable:
            order = _shuffled(computed.rounds, self.seed, replicate)
        usable = np.ones(len(order), dtype=bool)
        if self.config.overlap == "exclude":
            usable = ~np.isin(computed.keys[order].astype(str), self.target.keys[test].astype(str))
        return Split(source=order[usable], train=train, test=test), np.cumsum(usable)

    def errors(
        self, computed: Computed, sizes: Ints, folder: Path, workers: Workers = 1
    ) -> pd.DataFrame:
        """Errors of every replicate at some sizes of n, and from scratch.

        Parameters
        ----------
        folder
            What learners keep between rounds: distances that stay true.
        workers
            Processes for the replicates; numbers do not depend on it.

        Returns
        -------
        DataFrame
            Columns replicate, n_source, n_target, metric, value.
        """
        learnt = self.prepared(computed, folder, hidden=self.config.overlap == "exclude")
        jobs = {number: (number,) for number in range(self.config.replicates)}
        few = sizes.max(initial=0) < _PARALLEL
        found = dict(run_jobs(_Judging(self, computed, sizes, learnt), jobs,
                              1 if few else workers, "replicates"))  # fmt: skip
        frames = [found[number] for number in jobs if len(found[number])]
        if not frames:
            return pd.DataFrame({name: [] for name in _COLUMNS})
        errors = pd.concat(frames, ignore_index=True)[_COLUMNS]
        return errors[errors["n_target"] > 0].dropna().reset_index(drop=True)

    def prepared(self, computed: Computed, folder: Path, *, hidden: bool) -> PreparedLearner:
        """The learner, having seen all inputs; see :func:`learning_from`."""
        return learning_from(
            computed, self.target, self.features, self.is_count, self.learner, folder,
            same_property=self.same_property, hidden=hidden,
        )  # fmt: skip


def bench_of(config: LoopConfig, workers: int, *, show_progress: bool) -> Bench:
    """The measured side of a loop, described."""
    target = load_target(config)
    blocks = describe(
        target.material_kind,
        config.descriptor.name,
        list(target.keys),
        solvent_name=config.descriptor.solvent,
        workers=workers,
        show_progress=show_progress,
    )
    features = np.concatenate([b.features.values[b.index] for b in blocks], axis=1)
    counts = np.concatenate([b.features.is_count for b in blocks])
    return Bench(
        target, features, counts, config.judged, config.learner, config.seed,
        columns=columns_of(blocks),
    )  # fmt: skip


def load_target(config: LoopConfig) -> PropertyTable:
    """The measured side of a loop."""
    return config.target.load("target", "measured", seed=config.seed, on_error="skip")


@dataclass(frozen=True)
class _Judging:
    """One replicate of a bench, for whichever process does it."""

    bench: Bench
    computed: Computed
    sizes: Ints
    learnt: PreparedLearner

    def __call__(self, replicate: int) -> pd.DataFrame:
        bench = self.bench
        split, usable = bench.split(replicate, self.computed)
        used = usable[self.sizes - 1]
        enough = used >= _FEWEST
        cells = np.unique(used[enough])
        if not len(cells):
            return pd.DataFrame({name: [] for name in _COLUMNS})
        found = errors_of(
            self.learnt, split, Grid(cells, np.array(bench.sizes_m)), bench, replicate
        )
        places = pd.DataFrame({"used": [0, *used[enough]], "asked": [0, *self.sizes[enough]]})
        found = found.merge(places, left_on="n_source", right_on="used")
        return found.assign(n_source=found["asked"])[_COLUMNS]


def learning_from(
    computed: Computed,
    target: PropertyTable,
    features: NDArray[np.float32],
    is_count: NDArray[np.bool_],
    learner: LearnerSpec,
    folder: Path,
    *,
    same_property: bool,
    hidden: bool,
) -> PreparedLearner:
    """A learner prepared for computed values whose rows are 0, 1, … of its source.

    Processes share their scales of features, learnt from the pool's inputs, so that a round
    changes nothing of what earlier rows are to each other. Sides stand in the order measured,
    reference, computed: new rows come last. Where computed values of tested materials are hidden,
    a training material's own is left out of what predicts it, so that it is no better known.
    """
    rows, before = len(computed.keys), len(features) + len(computed.reference)
    measured = {key: side for side, key in enumerate(target.keys)}
    own = np.array([measured.get(key, -1) for key in computed.keys], dtype=np.int64)
    apart = own < 0
    own[apart] = before + np.arange(apart.sum())
    reference = np.arange(len(features), before)
    block = Block(
        np.concatenate([features, computed.reference, computed.features[apart]]),
        is_count,
        np.concatenate([own, reference]),
        np.arange(len(features)),
    )
    # Reference rows have inputs only: no split ever learns from their values.
    middle = float(computed.values.mean())
    values = np.concatenate([computed.values, np.full(len(reference), middle)])
    data = TransferData(
        (block,), values, target.values, np.arange(rows, len(values)), same_property,
        leave_out=hidden,
    )  # fmt: skip
    options = dict(learner.options)
    if learner.name in _PROCESSES:
        options.setdefault("scales", "shared")
        options.setdefault("linear", _STATIONARY)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = get_learner(learner.name, options)
    with one_thread():
        return chosen.prepare(data, folder)


@one_thread()
def errors_of(
    learnt: PreparedLearner, split: Split, grid: Grid, bench: Bench, replicate: int
) -> pd.DataFrame:
    """Errors of one split, without those of half the capacity."""
    result = learnt.predict(split, grid, learner_seed(bench.seed, replicate))
    found, _ = judge(
        result,
        split,
        grid,
        bench.target.values,
        (bench.config.metric,),
        replicate=replicate,
        same_property=bench.same_property,
    )
    return found[~found["half_capacity"]][_COLUMNS]


def sizes_up_to(last: int, first: int, ratio: float = 1.3) -> Ints:
    """Sizes at which a curve is read, from ``SMALLEST`` on: fixed, so that cells stay.

    >>> sizes_up_to(20, 8)
    array([ 8, 11, 15, 20])
    """
    sizes = [max(first, SMALLEST)]
    while sizes[-1] * ratio <= last:
        sizes.append(int(np.ceil(sizes[-1] * ratio)))
    return np.array([size for size in sizes if size <= last], dtype=np.int64)


def _shuffled(rounds: Ints, seed: int, replicate: int) -> Ints:
    """All rows, shuffled within each round: rows that come later leave the earlier ones alone."""
    parts = []
    for number in np.unique(rounds):
        rng = np.random.default_rng([seed, replicate, int(number)])
        parts.append(rng.permutation(np.flatnonzero(rounds == number)))
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
