"""The contract of a learner, and what it is given and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forescale.splits import Split

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Features of one side of the materials: of all of it, or of a pair's solute, say.

    Each distinct side is described once, whatever the number of rows that have it:
    270,000 pairs are 11,000 solutes and 300 solvents.

    Parameters
    ----------
    values
        Shape (distinct sides, features), finite.
    is_count
        Which features count something, shape (features,).
    source, target
        Which side each row has, as a row of ``values``; shapes (rows,).
    name
        What the side is.
    cumulative
        Shares of a side's parts, summed up along a scale on which near means alike (of a
        composition, its elements along Pettifor's), shape (distinct sides, places): the
        taxicab distance of two is the earth mover's. None where there is no such scale.
    """

    values: NDArray[np.float32]
    is_count: NDArray[np.bool_]
    source: Ints
    target: Ints
    name: str = "material"
    cumulative: NDArray[np.float32] | None = None

    def stored(self, path: Path) -> StoredBlock:
        """The same with its features in a file, for processes that share them."""
        np.save(path, self.values)
        return StoredBlock(path, self.source, self.target)


@dataclass(frozen=True)
class StoredBlock:
    """A :class:`Block` whose features lie in a file, read where they are needed.

    Parameters
    ----------
    path
        ``.npy`` of the features of the distinct sides.
    source, target
        As in the :class:`Block`.
    """

    path: Path
    source: Ints
    target: Ints

    def features(self, sides: Ints) -> NDArray[np.float32]:
        """Features of some sides, shape (sides, features)."""
        return np.asarray(np.load(self.path, mmap_mode="r")[sides])


@dataclass(frozen=True)
class NewBlock:
    """Features of one side of materials to predict.

    Parameters
    ----------
    values
        Shape (distinct sides, features), finite, columns as in the :class:`Block`.
    rows
        Which side each material has, as a row of ``values``, shape (materials,).
    cumulative
        As in the :class:`Block`.
    """

    values: NDArray[np.float32]
    rows: Ints
    cumulative: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class TransferData:
    """Both sides of a study as arrays, in one unit.

    Parameters
    ----------
    blocks
        Features of the materials; several where a material has sides.
    source_values, target_values
        Computed and measured values in the same unit, shape (rows,).
    source_only
        Rows of the source whose material is not in the target, so never a test
        material: anything learnt from inputs alone (scales, say) is learnt from these.
    same_property
        Whether both sides are one property in one unit. If not, a computed value is no
        prediction of the measured one, and zero-shot predictions are not judged.
    source_tasks
        Further computed properties of the source's materials, each in its own unit, NaN
        where there is none, shape (rows, tasks); only for learners that are :class:`TakesTasks`.
    leave_out
        Whether a measured material's own computed value is to be left out of what predicts
        it, because test materials have none; learners that cannot, need not.
    tested_together
        Group of each measured row, shape (rows,), where whole groups are tested: which models
        are trusted is then asked of groups that they have not seen. None where rows are.
    groups
        Group of each computed and of each measured row, shapes (rows,), where more is left out
        than the own value: computed values of the whole group, for test materials have none of
        theirs. None where each material stands for itself.
    source_of
        Which source each computed row is of, 0, 1, …, shape (rows,); None where there is one.
        Only for learners that are :class:`TakesSources`. A material may be in several.
    same_of
        ``same_property`` of each source, where there are several.
    """

    blocks: tuple[Block, ...]
    source_values: Floats
    target_values: Floats
    source_only: Ints
    same_property: bool = True
    source_tasks: Floats | None = None
    leave_out: bool = False
    tested_together: Ints | None = None
    groups: tuple[Ints, Ints] | None = None
    source_of: Ints | None = None
    same_of: tuple[bool, ...] = ()

    @classmethod
    def of_rows(
        cls,
        source_features: NDArray[np.float32],
        target_features: NDArray[np.float32],
        is_count: NDArray[np.bool_],
        source_values: Floats,
        target_values: Floats,
        source_only: Ints,
    ) -> TransferData:
        """One block, with a row of features for each material of either side."""
        rows = len(source_features)
        block = Block(
            values=np.concatenate([source_features, target_features]),
            is_count=is_count,
            source=np.arange(rows),
            target=np.arange(rows, rows + len(target_features)),
        )
        return cls((block,), source_values, target_values, source_only)

    @property
    def source_features(self) -> NDArray[np.float32]:
        """All features of each computed row, blocks side by side, shape (rows, features)."""
        return np.concatenate([block.values[block.source] for block in self.blocks], axis=1)

    @property
    def target_features(self) -> NDArray[np.float32]:
        """All features of each measured row, blocks side by side, shape (rows, features)."""
        return np.concatenate([block.values[block.target] for block in self.blocks], axis=1)

    @property
    def is_count(self) -> NDArray[np.bool_]:
        """Which of all features count something, shape (features,)."""
        return np.concatenate([block.is_count for block in self.blocks])

    def target_blocks(self, rows: Ints) -> tuple[NewBlock, ...]:
        """Some of the measured rows as if they were new materials."""
        return tuple(
            NewBlock(block.values, block.target[rows], block.cumulative) for block in self.blocks
        )


@dataclass(frozen=True)
class Grid:
    """Sizes at which errors are wanted, ascending, without zero.

    Parameters
    ----------
    n_source, n_target
        Numbers of computed values, in the order of the split whatever their source, and of
        measured ones.
    of_source
        For each of several sources, numbers of its values, the others' all there; empty
        where there is one source. A replicate that has fewer takes all it has.
    """

    n_source: Ints
    n_target: Ints
    of_source: tuple[Ints, ...] = ()


@dataclass(frozen=True)
class GridPrediction:
    """Predictions for the test rows of a split, for every cell of a grid.

    Parameters
    ----------
    mean
        Shape (1 + sizes of n, 1 + sizes of m, test rows). Index 0 of the first axis is
        *scratch* (no source), index 0 of the second *zero-shot* (no measured values);
        the cell [0, 0] is NaN.
    std
        Standard deviation of a new measurement at the largest n and m, shape (test
        rows,), or None if the learner has no opinion.
    half_capacity
        Predictions at the largest n with half the learner's capacity (rank, width, steps),
        shape (1 + sizes of m, test rows), zero-shot first: what shows whether a plateau is
        the learner's. None if its capacity has no limit.
    notes
        What the learner chose or met, as plain numbers.
    lost
        Why a cell (n, m) has no prediction, for those that failed; their ``mean`` is NaN.
        The rest of the study goes on, and the report names them.
    of_source
        For each source of ``Grid.of_source`` predictions at its sizes, shape (sizes, 1 + sizes
        of m, test rows).
    """

    mean: Floats
    std: Floats | None = None
    half_capacity: Floats | None = None
    notes: Mapping[str, float] = field(default_factory=dict)
    lost: Mapping[tuple[int, int], str] = field(default_factory=dict)
    of_source: tuple[Floats, ...] = ()


class PreparedLearner(Protocol):
    """A learner that has seen a study's inputs. Picklable: workers receive copies."""

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """Learn from every prefix of the split's rows; the same seed gives the same numbers."""
        ...


@runtime_checkable
class PreparedTogether(Protocol):
    """A prepared learner that takes many replicates at once, in one process.

    The runner prefers it to ``predict``, replicate by replicate; a replicate's numbers do
    not depend on which others are taken with it.
    """

    def predict(self, split: Split, grid: Grid, seed: int) -> GridPrediction:
        """See :class:`PreparedLearner`."""
        ...

    def predict_many(
        self, splits: Sequence[Split], grid: Grid, seeds: Sequence[int]
    ) -> Iterator[tuple[int, GridPrediction]]:
        """Place of a split and its predictions, as they land, in any order."""
        ...


@runtime_checkable
class Learner(Protocol):
    """Knows how to learn from n computed and m measured values.

    ``forescale.learners.testing`` holds the tests that every implementation passes;
    :class:`~forescale.learners.CellLearner` is the short way to one. A class gets the
    options of the study file as keyword arguments, or as one pydantic model if it has one
    under the name ``Options``.
    """

    name: str

    def prepare(self, data: TransferData, folder: Path) -> PreparedLearner:
        """Do what all replicates share; large arrays may be kept in ``folder``."""
        ...


@runtime_checkable
class TakesTasks(Protocol):
    """A :class:`Learner` of several computed properties at once (``source_tasks``)."""

    takes_tasks: Literal[True]


@runtime_checkable
class TakesSources(Protocol):
    """A :class:`Learner` that keeps several sources apart (``source_of``)."""

    takes_sources: Literal[True]


@dataclass(frozen=True)
class ModelPrediction:
    """What a model says of new materials, in the unit of the values it was trained on.

    Parameters
    ----------
    mean
        Shape (materials,).
    std
        Standard deviation of a new measurement, shape (materials,), or None.
    """

    mean: Floats
    std: Floats | None = None


@dataclass(frozen=True)
class ModelState:
    """All there is to a model: numbers in arrays by name, the rest as JSON values."""

    arrays: Mapping[str, NDArray[Any]]
    settings: Mapping[str, Any]


class TrainedModel(Protocol):
    """A trained predictor that can be kept in files and used without the data."""

    def predict(self, blocks: Sequence[NewBlock]) -> ModelPrediction:
        """Predict new materials, given the blocks that the training data had."""
        ...

    def state(self) -> ModelState:
        """What :meth:`RestoresModel.restore` needs to give the same numbers again."""
        ...


@runtime_checkable
class TrainsModel(Protocol):
    """A :class:`PreparedLearner` whose model can be handed over."""

    def train(self, source: Ints, target: Ints, seed: int) -> TrainedModel:
        """Learn from all of these rows; the same as the last cell of a grid of such sizes."""
        ...


@runtime_checkable
class RestoresModel(Protocol):
    """The :class:`Learner` of such models."""

    def restore(self, state: ModelState) -> TrainedModel:
        """The model that gave the state. Raises KeyError or ValueError if it is not whole."""
        ...
