"""The first stage of transfer: what is asked of it, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Floats, Ints
from forescale.learners.gp.distances import SideDistances, Sides
from forescale.learners.gp.kernels import Candidate, Closeness, KernelName
from forescale.learners.gp.metric import Anchors

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class SourceTask:
    """Computed values to learn from, and rows to predict.

    Parameters
    ----------
    rows
        Rows of the source in order, shape (N,).
    values
        Their values, shape (N,).
    sizes
        Ascending numbers of values to learn from, the last at most N.
    wanted
        Sides of the rows to predict, of each block, shapes (T,).
    own
        Place in the order of each wanted row's own computed value, to be left out of what
        predicts it; -1 where there is none, shape (T,). With ``groups``: which of them.
    seed
        For whatever is drawn at random.
    source
        Which of several sources the rows are of.
    memo
        Where a stage that knows no scales of features may keep what it has learnt, for the
        other tasks of the same replicate; None where there is nothing to keep it for.
    groups
        Group of each row in order, shape (N,), where whole groups are left out.
    """

    rows: Ints
    values: Floats
    sizes: Ints
    wanted: Sides
    own: Ints
    seed: int = 0
    source: int = 0
    memo: dict[Any, Any] | None = field(default=None, compare=False)
    groups: Ints | None = None

    def of(self, sizes: Ints) -> SourceTask:
        """The same for other sizes."""
        return replace(self, sizes=sizes)

    def first(self, rows: int, sizes: Ints) -> SourceTask:
        """The first so many rows, for other sizes."""
        return replace(
            self,
            rows=self.rows[:rows],
            values=self.values[:rows],
            sizes=sizes,
            own=self.own_among(rows),
            groups=None if self.groups is None else self.groups[:rows],
        )

    def own_among(self, rows: int) -> Ints:
        """What each wanted row leaves out of the first so many rows, -1 where nothing."""
        return among_first(self.own, rows, self.groups)

    def names(self, rows: Ints) -> Ints:
        """What ``own`` calls some of the rows: their places, or their groups."""
        return rows if self.groups is None else self.groups[rows]


def among_first(own: Ints, rows: int, groups: Ints | None) -> Ints:
    """Places or groups that are among the first so many rows, -1 for the others."""
    there = own < rows if groups is None else np.isin(own, groups[:rows])
    return np.where(there, own, -1)


@dataclass(frozen=True)
class SourcePrediction:
    """Predictions of the wanted rows.

    Parameters
    ----------
    mean
        Shape (sizes, T).
    half
        At the largest size with half the capacity, shape (T,); None if it has no limit.
    notes
        What was chosen at the largest size.
    """

    mean: Floats
    half: Floats | None = None
    notes: Mapping[str, float] = field(default_factory=dict)


class NewRows(Protocol):
    """Materials to predict, as a trained model sees them."""

    def closeness(self, sides: Ints) -> Closeness:
        """To training rows with these anchors, shape (blocks, rows)."""
        ...

    def features(self) -> NDArray[np.float32]:
        """All features of each row, blocks side by side."""
        ...


class SourceMean(Protocol):
    """A trained first stage."""

    @property
    def kind(self) -> str:
        """What reads it again."""
        ...

    def predict(self, name: KernelName, new: NewRows) -> Floats:
        """Means of new materials, shape (rows,)."""
        ...

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and settings to keep."""
        ...


@dataclass(frozen=True)
class TrainedSource:
    """A first stage of all computed values.

    Parameters
    ----------
    mean
        What is kept of it.
    at_wanted
        Its predictions of the wanted rows, own values left out, shape (T,).
    sides
        Sides of the training rows that ``mean`` is told of, of each block; None if of none.
    """

    mean: SourceMean
    at_wanted: Floats
    sides: Sides | None = None


class Stack(Protocol):
    """Learns from one source atop the predictions of the others, for each source."""

    def predict(self, tasks: Sequence[SourceTask], counts: Ints) -> tuple[Floats, Floats | None]:
        """Predictions of the wanted rows, and at the last cell with half the capacity.

        Parameters
        ----------
        tasks
            All rows of each source, shape (sources,).
        counts
            How many of them are learnt from in each cell, shape (cells, sources).

        Returns
        -------
        mean, half
            Shapes (cells, sources, T) and (sources, T); NaN where the source atop, or all
            below it, have too few values.
        """
        ...

    def train(self, tasks: Sequence[SourceTask]) -> list[TrainedSource]:
        """The model of all values with each source atop."""
        ...


class SourceStage(Protocol):
    """Learns the computed property from every prefix of an order of its values."""

    @property
    def name(self) -> str:
        """What its column is called."""
        ...

    def on(self, blocks: tuple[SideDistances, ...]) -> SourceStage:
        """The same with other scales of the features."""
        ...

    def predict(self, task: SourceTask) -> SourcePrediction:
        """Predictions for the wanted rows from each number of computed values."""
        ...

    def train(self, task: SourceTask) -> TrainedSource:
        """The model of all values: what :meth:`predict` uses at the last size."""
        ...


@dataclass(frozen=True)
class KernelMean:
    """The mean of a Gaussian process: H·beta + (1 - w)·k(x, X)·weights.

    Parameters
    ----------
    sides
        Which anchor of each block each training row has, shape (blocks, rows).
    candidate
        Hyper-parameters; its noise is the share w.
    weights
        Shape (rows,).
    coefficients
        beta, shape (p,).
    """

    sides: Ints
    candidate: Candidate
    weights: Floats
    coefficients: Floats
    kind: str = "kernel"

    def predict(self, name: KernelName, new: NewRows) -> Floats:
        """See :class:`SourceMean`."""
        k = new.closeness(self.sides).kernel(name, self.candidate)
        return self.mean(k, np.ones((len(k), 1)))

    def mean(self, k: Floats, basis: Floats) -> Floats:
        """Means of new rows with this kernel and basis, shape (rows,)."""
        signal = 1.0 - self.candidate.noise
        return np.asarray(basis @ self.coefficients + signal * (k @ self.weights))

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and settings."""
        arrays = {"sides": self.sides, "weights": self.weights, "coefficients": self.coefficients}
        lengths = [one if np.isfinite(one) else None for one in self.candidate.lengths]
        settings = {"lengths": lengths, "noise": self.candidate.noise}
        return arrays, {**settings, "linear": self.candidate.linear, "kind": self.kind}

    @classmethod
    def restore(cls, arrays: Arrays, settings: Mapping[str, Any]) -> KernelMean:
        """The mean that gave the state."""
        lengths = tuple(np.inf if one is None else float(one) for one in settings["lengths"])
        candidate = Candidate(lengths, float(settings["noise"]), float(settings.get("linear", 0.0)))
        return cls(arrays["sides"], candidate, arrays["weights"], arrays["coefficients"])


@dataclass(frozen=True)
class Anchored:
    """New rows beside the anchors of a model; implements :class:`NewRows`.

    Parameters
    ----------
    anchors
        Training sides of each block.
    values, rows
        Features of the new sides of each block, and which one each material has.
    """

    anchors: tuple[Anchors, ...]
    values: tuple[NDArray[np.float32], ...]
    rows: tuple[Ints, ...]
    described: int
    _kept: dict[str, Any] = field(default_factory=dict, compare=False)

    def closeness(self, sides: Ints) -> Closeness:
        """See :class:`NewRows`."""
        if not self._kept:
            self._kept["distances"] = [
                self._per_row(anchor.distances, values, rows)
                for anchor, values, rows in zip(self.anchors, self.values, self.rows, strict=True)
            ]
            own = list(zip(self.anchors, self.values, self.rows, strict=True))[: self.described]
            linear = [self._per_row(a.metric.linear, v, r) for a, v, r in own]
            self._kept["linear"] = np.concatenate(linear, axis=1) / np.sqrt(len(own))
        pairs = zip(self._kept["distances"], sides, strict=False)
        chosen = np.stack([d[:, side] for d, side in pairs])
        parts = zip(self.anchors[: self.described], sides, strict=False)
        right = np.concatenate([a.linear[side] for a, side in parts], axis=1)
        return Closeness(chosen, self._kept["linear"], right / np.sqrt(self.described))

    def features(self) -> NDArray[np.float32]:
        """See :class:`NewRows`."""
        pairs = list(zip(self.values, self.rows, strict=True))[: self.described]
        return np.concatenate([values[rows] for values, rows in pairs], axis=1)

    @staticmethod
    def _per_row(of: Any, values: NDArray[np.float32], rows: Ints) -> NDArray[Any]:
        distinct, place = np.unique(rows, return_inverse=True)
        return np.asarray(of(values[distinct])[place])
