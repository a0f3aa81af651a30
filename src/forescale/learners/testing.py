"""Tests that every learner passes; also for learners from elsewhere.

Subclass :class:`LearnerSuite` in a test file, give it your learner, and pytest runs the
whole contract::

    from forescale.learners.testing import LearnerSuite

    class TestMine(LearnerSuite):
        @pytest.fixture
        def learner(self):
            return Mine()
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from forescale.learners.contract import (
    Floats,
    Grid,
    GridPrediction,
    Learner,
    ModelState,
    PreparedLearner,
    RestoresModel,
    TrainedModel,
    TrainsModel,
    TransferData,
)
from forescale.splits import Split

Predict = Callable[[TransferData], GridPrediction]
_SOURCES, _TARGETS, _TRAIN = 120, 60, 30


def transfer_data() -> TransferData:
    """120 computed and 60 measured values of a smooth function of six features.

    Measured values are the computed ones stretched and shifted, with noise.
    """
    rng = np.random.default_rng(0)
    rows = _SOURCES + _TARGETS
    real = rng.standard_normal((rows, 4))
    counts = rng.integers(0, 4, (rows, 2))
    truth = 300.0 + 20.0 * np.tanh(real @ np.array([1.0, -0.5, 0.3, 0.0])) + 5.0 * counts[:, 0]
    features = np.concatenate([real, counts], axis=1).astype(np.float32)
    noise = rng.standard_normal(_TARGETS)
    return TransferData.of_rows(
        source_features=features[:_SOURCES],
        target_features=features[_SOURCES:],
        is_count=np.array([False] * 4 + [True] * 2),
        source_values=truth[:_SOURCES],
        target_values=1.2 * truth[_SOURCES:] - 40.0 + noise,
        source_only=np.arange(_SOURCES),
    )


class LearnerSuite:
    """Contract of :class:`~forescale.learners.Learner`; subclass it and give yours."""

    rtol = 1e-6
    """How far numbers that should be equal may differ, relative to the values' spread."""

    sees_inputs_early = False
    """Whether something (scales of features, say) is learnt from inputs, never from values, of
    computed materials that come later in the order."""

    model_rtol = 1e-8
    """How far a handed-over model may differ from the grid's last cell, likewise."""

    @pytest.fixture
    def learner(self) -> Learner:
        """Return the learner under test."""
        raise NotImplementedError("give the suite a fixture named learner")

    @pytest.fixture
    def data(self) -> TransferData:
        """Both sides of a small study."""
        return transfer_data()

    @pytest.fixture
    def split(self) -> Split:
        """Rows of one replicate; the source is not in file order."""
        rng = np.random.default_rng(1)
        target = rng.permutation(_TARGETS)
        return Split(rng.permutation(_SOURCES), target[:_TRAIN], target[_TRAIN:])

    @pytest.fixture
    def grid(self) -> Grid:
        """Sizes, the largest smaller than all there is."""
        return Grid(n_source=np.array([10, 30, 90]), n_target=np.array([5, 10, 25]))

    @pytest.fixture
    def predict(self, learner: Learner, split: Split, grid: Grid, tmp_path: Path) -> Predict:
        """Prepare on some data and predict."""

        def predict(data: TransferData) -> GridPrediction:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            return learner.prepare(data, folder).predict(split, grid, seed=0)

        return predict

    def assert_same(self, got: Floats, expected: Floats) -> None:
        """Equal up to ``rtol`` of the spread of what is expected."""
        spread = float(np.nanstd(expected))
        np.testing.assert_allclose(got, expected, rtol=0, atol=self.rtol * spread)

    def test_is_a_learner(self, learner: Learner) -> None:
        assert isinstance(learner, Learner)
        assert learner.name.isidentifier(), "the name is a word of study files"

    def test_every_cell_but_the_one_without_data_is_predicted(
        self, predict: Predict, data: TransferData, split: Split, grid: Grid
    ) -> None:
        mean = predict(data).mean
        assert mean.shape == (1 + len(grid.n_source), 1 + len(grid.n_target), len(split.test))
        assert np.isnan(mean[0, 0]).all()
        mean[0, 0] = 0.0
        assert np.isfinite(mean).all()

    def test_std_is_of_a_measurement_or_none(
        self, predict: Predict, data: TransferData, split: Split
    ) -> None:
        result = predict(data)
        if result.std is not None:
            assert result.std.shape == (len(split.test),)
            assert np.isfinite(result.std).all()
            assert (result.std > 0).all()
        assert all(np.isreal(value) for value in result.notes.values())

    def test_half_capacity_is_a_row_of_the_grid_or_none(
        self, predict: Predict, data: TransferData
    ) -> None:
        result = predict(data)
        if result.half_capacity is not None:
            assert result.half_capacity.shape == result.mean[-1].shape
            assert np.isfinite(result.half_capacity).all()

    def test_learns(self, predict: Predict, data: TransferData, split: Split) -> None:
        mean, measured = predict(data).mean, data.target_values[split.test]
        error = np.sqrt(np.mean((mean - measured) ** 2, axis=-1))
        assert error[-1, -1] < 0.7 * measured.std()
        assert error[-1, -1] < error[0, 1], "much data of both kinds beats little of one"

    def test_the_same_seed_gives_the_same_numbers(
        self, predict: Predict, data: TransferData
    ) -> None:
        np.testing.assert_array_equal(predict(data).mean, predict(data).mean)

    def test_workers_get_a_copy_that_gives_the_same(
        self, learner: Learner, data: TransferData, split: Split, grid: Grid, tmp_path: Path
    ) -> None:
        prepared = learner.prepare(data, tmp_path)
        copy = pickle.loads(pickle.dumps(prepared))  # noqa: S301
        np.testing.assert_array_equal(
            copy.predict(split, grid, seed=3).mean, prepared.predict(split, grid, seed=3).mean
        )

    @pytest.mark.parametrize("place", [0, 1])
    def test_computed_values_beyond_n_do_not_matter(
        self, predict: Predict, data: TransferData, split: Split, grid: Grid, place: int
    ) -> None:
        later = split.source[grid.n_source[place] :]
        changed = replace(data, source_values=_changed(data.source_values, later))
        before, after = predict(data).mean, predict(changed).mean
        self.assert_same(after[: place + 2], before[: place + 2])
        assert not np.allclose(after[place + 2], before[place + 2])

    @pytest.mark.parametrize("place", [0, 1])
    def test_inputs_of_computed_rows_beyond_n_do_not_matter(
        self, predict: Predict, data: TransferData, split: Split, grid: Grid, place: int
    ) -> None:
        if self.sees_inputs_early:
            pytest.skip("scales of features are shared by all sizes")
        later = split.source[grid.n_source[place] :]
        before, after = predict(data).mean, predict(_other_inputs(data, later)).mean
        here = slice(1, place + 2)
        self.assert_same(after[here], before[here])
        assert not np.allclose(after[place + 2], before[place + 2])

    @pytest.mark.parametrize("place", [0, 1])
    def test_measured_values_beyond_m_do_not_matter(
        self, predict: Predict, data: TransferData, split: Split, grid: Grid, place: int
    ) -> None:
        later = split.train[grid.n_target[place] :]
        changed = replace(data, target_values=_changed(data.target_values, later))
        before, after = predict(data).mean, predict(changed).mean
        self.assert_same(after[:, : place + 2], before[:, : place + 2])
        assert not np.allclose(after[1:, place + 2], before[1:, place + 2])

    def test_measured_values_of_test_rows_are_never_seen(
        self, predict: Predict, data: TransferData, split: Split
    ) -> None:
        changed = replace(data, target_values=_changed(data.target_values, split.test))
        np.testing.assert_array_equal(predict(changed).mean, predict(data).mean)

    def test_scratch_knows_no_computed_and_zero_shot_no_measured_values(
        self, predict: Predict, data: TransferData
    ) -> None:
        expected = predict(data).mean
        other_source = replace(data, source_values=_changed(data.source_values, slice(None)))
        self.assert_same(predict(other_source).mean[0], expected[0])
        other_target = replace(data, target_values=_changed(data.target_values, slice(None)))
        self.assert_same(predict(other_target).mean[:, 0], expected[:, 0])

    def test_another_unit_gives_the_same_in_that_unit(
        self, predict: Predict, data: TransferData
    ) -> None:
        converted = replace(
            data,
            source_values=1.8 * data.source_values - 459.67,
            target_values=1.8 * data.target_values - 459.67,
        )
        self.assert_same(predict(converted).mean, 1.8 * predict(data).mean - 459.67)

    def test_the_order_of_test_rows_is_theirs_alone(
        self, learner: Learner, data: TransferData, split: Split, grid: Grid, tmp_path: Path
    ) -> None:
        prepared = learner.prepare(data, tmp_path)
        forward = prepared.predict(split, grid, seed=0).mean
        backward = prepared.predict(replace(split, test=split.test[::-1]), grid, seed=0).mean
        self.assert_same(backward[..., ::-1], forward)

    def test_materials_that_do_not_differ_are_no_trouble(
        self, predict: Predict, data: TransferData
    ) -> None:
        (block,) = data.blocks
        rows = len(block.source)
        values = np.concatenate(
            [np.repeat(part[::10], 10, axis=0) for part in np.split(block.values, [rows])]
        )
        same = replace(data, blocks=(replace(block, values=values),))
        mean = predict(same).mean
        assert np.isfinite(mean[1:]).all()
        assert np.isfinite(mean[0, 1:]).all()

    def test_values_that_do_not_vary_are_predicted(
        self, predict: Predict, data: TransferData
    ) -> None:
        constant = replace(
            data,
            source_values=np.full_like(data.source_values, 5.0),
            target_values=np.full_like(data.target_values, 7.0),
        )
        mean = predict(constant).mean
        np.testing.assert_allclose(mean[1:, 0], 5.0, atol=1e-6)
        np.testing.assert_allclose(mean[:, 1:], 7.0, atol=1e-6)

    def test_a_model_is_the_last_cell_of_a_grid_of_all_rows(
        self, learner: Learner, data: TransferData, split: Split, tmp_path: Path
    ) -> None:
        model, prepared = _trained(learner, data, split, tmp_path)
        grid = Grid(np.array([len(split.source)]), np.array([len(split.train)]))
        expected = prepared.predict(split, grid, seed=0)
        got = model.predict(data.target_blocks(split.test))
        atol = self.model_rtol * float(np.std(expected.mean[-1, -1]))
        np.testing.assert_allclose(got.mean, expected.mean[-1, -1], rtol=0, atol=atol)
        assert (got.std is None) == (expected.std is None)
        if got.std is not None and expected.std is not None:
            np.testing.assert_allclose(got.std, expected.std, rtol=0, atol=atol)

    def test_a_model_that_was_kept_gives_the_same(
        self, learner: Learner, data: TransferData, split: Split, tmp_path: Path
    ) -> None:
        model, _ = _trained(learner, data, split, tmp_path)
        assert isinstance(learner, RestoresModel), "what can be trained can be restored"
        kept = model.state()
        file = io.BytesIO()
        assert not any(array.dtype.hasobject for array in kept.arrays.values()), "no pickles"
        np.savez(file, **dict(kept.arrays))  # type: ignore[arg-type]
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            state = ModelState(dict(arrays), json.loads(json.dumps(kept.settings)))
        new = data.target_blocks(split.test)
        got, expected = learner.restore(state).predict(new), model.predict(new)
        atol = self.model_rtol * float(np.std(expected.mean))
        np.testing.assert_allclose(got.mean, expected.mean, rtol=0, atol=atol)
        if got.std is not None and expected.std is not None:
            np.testing.assert_allclose(got.std, expected.std, rtol=0, atol=atol)

    def test_a_model_predicts_each_material_by_itself(
        self, learner: Learner, data: TransferData, split: Split, tmp_path: Path
    ) -> None:
        model, _ = _trained(learner, data, split, tmp_path)
        together = model.predict(data.target_blocks(split.test)).mean
        alone = [model.predict(data.target_blocks(split.test[[row]])).mean[0] for row in range(5)]
        self.assert_same(np.array(alone), together[:5])
        assert model.predict(data.target_blocks(split.test[:0])).mean.shape == (0,)


def _trained(
    learner: Learner, data: TransferData, split: Split, folder: Path
) -> tuple[TrainedModel, PreparedLearner]:
    """A model of all rows of a split; skips where the learner's cannot be handed over."""
    prepared = learner.prepare(data, folder)
    if not isinstance(prepared, TrainsModel):
        pytest.skip(f"models of {learner.name} cannot be handed over")
    trained: TrainsModel = prepared
    return trained.train(split.source, split.train, seed=0), prepared


def _other_inputs(data: TransferData, rows: NDArray[np.int64]) -> TransferData:
    """The same data with other features of the sides that only these computed rows have."""
    rng, blocks = np.random.default_rng(4), []
    for block in data.blocks:
        others = np.setdiff1d(np.arange(len(block.source)), rows)
        sides = np.setdiff1d(block.source[rows], [*block.source[others], *block.target])
        values = block.values.copy()
        values[sides] = np.abs(3.0 * values[rng.permutation(sides)]) + 1.0
        blocks.append(replace(block, values=np.round(values) if block.is_count.all() else values))
    return replace(data, blocks=tuple(blocks))


def _changed(values: Floats, rows: NDArray[np.int64] | slice) -> Floats:
    """Values with some rows replaced by what nobody would guess."""
    changed = values.copy()
    changed[rows] = np.random.default_rng(2).normal(900.0, 100.0, len(changed[rows]))
    return changed
