"""Training a whole grid: for every n pre-train once, for every m fine-tune from there.

The models of a crowd are its replicates times the members of their ensembles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from forescale._machine.progress import say
from forescale.errors import ForescaleError
from forescale.learners.contract import Floats, Grid, GridPrediction, Ints
from forescale.learners.mlp import net as _net
from forescale.learners.mlp.inputs import NetArrays
from forescale.learners.mlp.options import FineTune
from forescale.splits import Split

Floats32 = NDArray[np.float32]
_Side = Literal["source", "target"]
_HELD_EVERY, _MOST_HELD = 5, 256
"""Every fifth value is held out for early stopping, up to so many."""
_FOLDS = 4
_TRIES = 4
_SLOWER = 0.25
_HOPELESS = 9.0
"""Mean squared error in standard deviations beyond which training went astray."""


@dataclass(frozen=True)
class _Scale:
    """Mean and scatter of values of each replicate, shapes (replicates,)."""

    mean: Floats
    scatter: Floats  # 0 where the values do not vary: then the mean is all there is to say

    @classmethod
    def of(cls, values: list[Floats]) -> _Scale:
        return cls(np.array([v.mean() for v in values]), np.array([np.std(v) for v in values]))

    def or_else(self, other: _Scale) -> _Scale:
        """Fall back on another scale where the values of this one do not vary."""
        varies = self.scatter > 0
        mean = np.where(varies, self.mean, other.mean)
        return _Scale(mean, np.where(varies, self.scatter, other.scatter))

    def apply(self, values: list[Floats]) -> list[Floats]:
        scatter = np.where(self.scatter > 0, self.scatter, 1.0)
        scaled = zip(values, self.mean, scatter, strict=True)
        return [(own - mean) / spread for own, mean, spread in scaled]


@dataclass(frozen=True)
class _Models:
    """Trained networks of a crowd with their scale, and why replicates have none."""

    params: _net.Params
    scale: _Scale
    lost: dict[int, str] = field(default_factory=dict)


class Crowd:
    """Replicates that train together.

    Parameters
    ----------
    study
        Inputs, values and options.
    splits, seeds
        One for each replicate.
    """

    def __init__(self, study: NetArrays, splits: list[Split], grid: Grid, seeds: list[int]) -> None:
        self.study, self.options, self.splits = study, study.options, splits
        self.n_sizes, self.m_sizes = (list(map(int, s)) for s in (grid.n_source, grid.n_target))
        self.members = self.options.ensemble
        self.owner = np.repeat(np.arange(len(splits)), self.members)
        self.tables = tuple(jnp.asarray(block.values) for block in study.blocks)
        member = np.tile(np.arange(self.members), len(splits))
        self.keys = _net.keys(np.repeat(seeds, self.members), member)
        longest = max(len(split.test) for split in splits)
        self.test = self._sides("target", [split.test for split in splits], _padded(longest))
        self.most_source = _padded(self.n_sizes[-1])
        self.most_target = _padded(self.m_sizes[-1])
        self.retries = np.zeros(len(splits), dtype=int)
        self.lost: list[dict[tuple[int, int], str]] = [{} for _ in splits]

    def predict(self) -> list[GridPrediction]:
        """Predictions of every cell, for each replicate."""
        shape = (1 + len(self.n_sizes), 1 + len(self.m_sizes))
        means = [np.full((*shape, len(split.test)), np.nan) for split in self.splits]
        width, stds = self.options.width, []
        for row, n in enumerate(self.n_sizes, 1):
            base = self._pretrained(n, width)
            for column, models in enumerate(self._row(base, n)):
                self._keep(means, (row, column), (n, [0, *self.m_sizes][column]), models)
            if n == self.n_sizes[-1]:
                stds = self._stds(base, models, n, self.m_sizes[-1])
        for column, m in enumerate(self.m_sizes, 1):
            self._keep(means, (0, column), (0, m), self._scratch(m))
        half = [np.full(mean.shape[1:], np.nan) for mean in means]
        base = self._pretrained(self.n_sizes[-1], max(1, width // 2))
        for column, models in enumerate(self._row(base, self.n_sizes[-1])):
            self._put(half, column, models)
        return [
            GridPrediction(
                mean=means[r],
                std=stds[r],
                half_capacity=half[r] if np.isfinite(half[r]).all() else None,
                notes={"retries": float(self.retries[r]), "ensemble": float(self.members)},
                lost=self.lost[r],
            )
            for r in range(len(self.splits))
        ]

    def model(self) -> tuple[list[tuple[Floats32, Floats32]], float, float, float]:
        """Networks of the first replicate at the last cell: what a model is made of.

        Returns
        -------
        layers
            Weights and biases, each with a leading axis of members.
        mean, scatter, rest
            Scale of the outputs; variance of a new measurement beyond the members' scatter.

        Raises
        ------
        ForescaleError
            If their training diverged.
        """
        n, m = self.n_sizes[-1], self.m_sizes[-1]
        base = self._pretrained(n, self.options.width)
        models = self._tuned(base, n, m)
        if 0 in models.lost:
            raise ForescaleError(models.lost[0])
        own = slice(self.members)
        layers = [(np.asarray(w)[own], np.asarray(b)[own]) for w, b in models.params]
        scale, rest = models.scale, self._rest(base, n, m)
        return layers, float(scale.mean[0]), float(scale.scatter[0]), float(rest[0])

    def _row(self, base: _Models, n: int) -> Iterator[_Models]:
        """Zero-shot, then fine-tuned on each number of measured values."""
        yield base
        for m in self.m_sizes:
            yield self._tuned(base, n, m)

    # Training.

    def _pretrained(self, n: int, width: int) -> _Models:
        """Networks trained on n computed values."""
        rows = [split.source[:n] for split in self.splits]
        values = [self.study.source_values[own] for own in rows]
        return self._learnt("source", rows, values, self.most_source, width, (n, 0))

    def _scratch(self, m: int) -> _Models:
        """Networks trained on m measured values alone."""
        rows = [split.train[:m] for split in self.splits]
        values = [self.study.target_values[own] for own in rows]
        return self._learnt("target", rows, values, self.most_target, self.options.width, (0, m))

    def _learnt(
        self,
        side: _Side,
        rows: list[Ints],
        values: list[Floats],
        longest: int,
        width: int,
        cell: tuple[int, int],
    ) -> _Models:
        """Networks trained from random weights, stopped early by every fifth value."""
        options, scale = self.options, _Scale.of(values)
        size = len(rows[0])
        held = np.arange(size)[::_HELD_EVERY][:_MOST_HELD]
        fitted = np.setdiff1d(np.arange(size), held)
        scaled = scale.apply(values)
        fit = self._rows(side, rows, scaled, fitted, longest)
        if side == "source":
            fit = self._with_tasks(fit, rows, fitted)
        most = min(_MOST_HELD, -(-longest // _HELD_EVERY))
        check = self._rows(side, rows, scaled, held, most)
        steps = max(options.min_steps, round(options.epochs * size / options.batch))
        inputs, outputs = sum(t.shape[1] for t in self.tables), fit.values.shape[2]
        widths = (inputs, *[width] * options.layers, outputs)
        keys = self._keys(*cell)
        first = _net.start(self.keys, widths)

        def train(rates: Floats) -> tuple[_net.Params, NDArray[np.bool_]]:
            found = _net.pretrain(
                first, fit, check, self._recipe(rates), keys, self.tables,
                np.int32(steps), np.int32(options.patience),
                batch=options.batch, drop=options.dropout > 0,
            )  # fmt: skip
            unlearnt = np.repeat([np.mean(own[held] ** 2) for own in scaled], self.members)
            good = np.asarray(found.loss) <= _HOPELESS * np.maximum(unlearnt, 1.0)
            return found.params, good & np.asarray(found.finite)

        params, lost = self._until_good(train, options.rate, cell)
        return _Models(params, scale, lost)

    def _tuned(self, base: _Models, n: int, m: int) -> _Models:
        """Networks trained further on m measured values."""
        how = self.options.fine_tune
        if how != "choose":
            return self._fine_tune(base, n, m, [how] * len(self.splits))
        ways: tuple[FineTune, ...] = ("all", "last", "pull")
        misses = np.stack([self._held_out(base, n, m, [w] * len(self.splits))[0] for w in ways])
        return self._fine_tune(base, n, m, [ways[k] for k in np.argmin(misses, axis=0)])

    def _fine_tune(
        self, base: _Models, n: int, m: int, ways: list[FineTune], fold: int | None = None
    ) -> _Models:
        """Fine-tune each replicate in its way; without the values of a fold, if one is given."""
        options = self.options
        rows = [split.train[:m] for split in self.splits]
        values = [self.study.target_values[own] for own in rows]
        scale = base.scale.or_else(_Scale.of(values))
        places = np.arange(m)
        places = places if fold is None else places[places % _FOLDS != fold]
        fit = self._rows("target", rows, scale.apply(values), places, self.most_target)
        steps = max(1, round(options.fine_tune_epochs * m / options.fine_tune_batch))
        hidden = np.repeat([0.0 if way == "last" else 1.0 for way in ways], self.members)
        pull = np.repeat([options.pull if way == "pull" else 0.0 for way in ways], self.members)
        keys = self._keys(n, m)

        def train(rates: Floats) -> tuple[_net.Params, NDArray[np.bool_]]:
            found = _net.tune(
                base.params, fit, self._recipe(rates, hidden, pull), keys, self.tables,
                np.int32(steps), batch=options.fine_tune_batch, drop=options.dropout > 0,
            )  # fmt: skip
            before, after = np.asarray(found.before), np.asarray(found.after)
            return found.params, after <= _HOPELESS * np.maximum(before, 1.0)

        params, lost = self._until_good(train, options.fine_tune_rate, (n, m))
        return _Models(params, scale, {**lost, **base.lost})

    def _until_good(
        self,
        train: Callable[[Floats], tuple[_net.Params, NDArray[np.bool_]]],
        rate: float,
        cell: tuple[int, int],
    ) -> tuple[_net.Params, dict[int, str]]:
        """Train; again with smaller steps what went astray, and tell of what stays so."""
        rates = np.full(len(self.owner), rate)
        params, good = train(rates)
        for _ in range(_TRIES - 1):
            if good.all():
                break
            again = np.unique(self.owner[~good])
            self.retries[again] += 1
            rates[~good] *= _SLOWER
            say(
                f"n = {cell[0]}, m = {cell[1]}: training diverged in {len(again)} of "
                f"{len(self.splits)} replicates; again with steps of {rates.min():.2g}"
            )
            others, better = train(rates)
            mended = jnp.asarray(better & ~good)
            params = jax.tree.map(partial(_where, mended), others, params)
            good = good | better
        why = f"training diverged, down to steps of {rates.min():.2g} (learner.rate is {rate:g})"
        return params, {int(r): why for r in np.unique(self.owner[~good])}

    # Predictions.

    def _members(self, models: _Models, sides: NDArray[np.int32]) -> Floats:
        """Predictions in the unit of the values, shape (replicates, members, rows)."""
        found = np.asarray(_net.predict(models.params, self.tables, sides), dtype=float)
        found = found.reshape(len(self.splits), self.members, -1)
        found[models.scale.scatter == 0] = 0.0
        scatter, mean = (a[:, None, None] for a in (models.scale.scatter, models.scale.mean))
        return np.asarray(found * scatter + mean)

    def _put(self, where: list[Floats], place: int | tuple[int, int], models: _Models) -> None:
        """Write mean predictions of the test rows, but for those of lost replicates."""
        for r, members in enumerate(self._members(models, self.test)):
            if r not in models.lost:
                where[r][place] = members.mean(axis=0)[: len(self.splits[r].test)]

    def _keep(
        self, where: list[Floats], place: tuple[int, int], cell: tuple[int, int], models: _Models
    ) -> None:
        self._put(where, place, models)
        for r, why in models.lost.items():
            self.lost[r][cell] = why

    def _held_out(
        self, base: _Models, n: int, m: int, ways: list[FineTune]
    ) -> tuple[Floats, Floats]:
        """Mean squared miss on values left out in turn, and mean scatter of the members there.

        Both in squares of the values' unit, shapes (replicates,).
        """
        rows = [split.train[:m] for split in self.splits]
        sides = self._sides("target", rows, self.most_target)
        miss = np.empty((len(rows), m))
        scatter = np.empty((len(rows), m))
        for fold in range(min(_FOLDS, m)):
            models = self._fine_tune(base, n, m, ways, fold)
            members = self._members(models, sides)[..., :m]
            left = np.arange(m) % _FOLDS == fold
            truth = np.stack([self.study.target_values[own] for own in rows])
            miss[:, left] = ((members.mean(axis=1) - truth) ** 2)[:, left]
            scatter[:, left] = members.var(axis=1)[:, left]
        return miss.mean(axis=1), scatter.mean(axis=1)

    def _rest(self, base: _Models, n: int, m: int) -> Floats:
        """Variance of a measurement beyond the scatter of the members, shape (replicates,)."""
        how = self.options.fine_tune
        ways: list[FineTune] = [how if how != "choose" else "all"] * len(self.splits)
        miss, scatter = self._held_out(base, n, m, ways)
        return np.maximum(miss - scatter, 0.25 * miss)

    def _stds(self, base: _Models, models: _Models, n: int, m: int) -> list[Floats | None]:
        """Standard deviation of a new measurement: scatter of the members, and the rest."""
        rest = self._rest(base, n, m)
        of_members = self._members(models, self.test).var(axis=1)
        floor = np.finfo(np.float32).eps * np.maximum(models.scale.scatter, 1.0)
        stds = np.maximum(np.sqrt(of_members + rest[:, None]), floor[:, None])
        return [
            None if r in models.lost else std[: len(self.splits[r].test)]
            for r, std in enumerate(stds)
        ]

    # Arrays of a crowd, padded to common lengths so that nothing compiles twice.

    def _sides(self, side: _Side, rows: list[Ints], length: int) -> NDArray[np.int32]:
        """Side of every block for rows of each replicate, shape (models, length, blocks)."""
        found = np.zeros((len(rows), length, len(self.study.blocks)), np.int32)
        for r, chosen in enumerate(rows):
            for b, block in enumerate(self.study.blocks):
                own = block.source if side == "source" else block.target
                found[r, : len(chosen), b] = own[chosen]
        return np.repeat(found, self.members, axis=0)

    def _rows(
        self, side: _Side, rows: list[Ints], values: list[Floats], places: Ints, length: int
    ) -> _net.Rows:
        """Some rows of each replicate with their standardised values."""
        outputs = 1 + self.study.source_tasks.shape[1]
        padded = np.zeros((len(rows), length, outputs), np.float32)
        padded[:, : len(places), 0] = [own[places] for own in values]
        values_of = np.repeat(padded, self.members, axis=0)
        weights = np.zeros_like(values_of)
        weights[..., 0] = 1.0  # other tasks count in pre-training alone
        sides = self._sides(side, [own[places] for own in rows], length)
        size = np.full(len(self.owner), len(places), np.int32)
        return _net.Rows(sides, values_of, weights, size)

    def _with_tasks(self, fit: _net.Rows, rows: list[Ints], places: Ints) -> _net.Rows:
        """Add the further properties, each standardised by what is known of it among the rows."""
        count = self.study.source_tasks.shape[1]
        if not count or not self.options.task_weight:
            return fit
        values = np.zeros((len(rows), len(places), count))
        weights = np.zeros_like(values)
        for r, own in enumerate(rows):
            found = self.study.source_tasks[own]
            for task in range(count):
                known = np.isfinite(found[:, task])
                scatter = np.std(found[known, task]) if known.any() else 0.0
                if scatter > 0:
                    scaled = (found[:, task] - found[known, task].mean()) / scatter
                    values[r, :, task] = np.nan_to_num(scaled)[places]
                    weights[r, :, task] = self.options.task_weight * known[places]
        here = (slice(None), slice(len(places)), slice(1, None))
        fit.values[here] = np.repeat(values, self.members, axis=0)
        fit.weights[here] = np.repeat(weights, self.members, axis=0)
        return fit

    def _recipe(
        self, rate: Floats, hidden: float | Floats = 1.0, pull: float | Floats = 0.0
    ) -> _net.Recipe:
        numbers = (rate, hidden, pull, self.options.dropout, self.options.decay)
        models = len(self.owner)
        return _net.Recipe(*(np.broadcast_to(np.float32(each), models) for each in numbers))

    def _keys(self, n: int, m: int) -> Array:
        found: Array = _net.folded(self.keys, np.random.SeedSequence([n, m]).generate_state(1)[0])
        return found


def _padded(size: int) -> int:
    """The next power of two: studies and folds of like sizes share their programs."""
    return 1 << max(size - 1, 1).bit_length()


def _where(mended: Array, new: Array, old: Array) -> Array:
    chosen: Array = jnp.where(mended.reshape(-1, *[1] * (new.ndim - 1)), new, old)
    return chosen
