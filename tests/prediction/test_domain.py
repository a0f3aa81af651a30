"""Far is far: distances to training on the scale of its own."""

import numpy as np
import pytest

from forescale.learners import Block, NewBlock, TransferData
from forescale.learners.testing import transfer_data
from forescale.prediction import Domain


@pytest.fixture
def domain():
    return Domain.of(transfer_data(), np.random.default_rng(0))


def new(values):
    return [NewBlock(np.asarray(values, np.float32), np.arange(len(values)))]


def test_training_materials_are_at_distance_zero(domain):
    data = transfer_data()
    distance = domain.distance(new(np.concatenate([data.source_features, data.target_features])))
    np.testing.assert_allclose(distance, 0, atol=1e-7)
    assert (domain.percentile(np.zeros(3)) == 0).all()


def test_what_is_unlike_all_training_is_outside(domain):
    near, far = transfer_data().target_features[:20] + 0.01, np.full((3, 6), 25.0)
    assert (domain.distance(new(near)) < domain.threshold).all()
    distance = domain.distance(new(far))
    assert (distance > domain.threshold).all()
    assert (domain.percentile(distance) == 100).all()


def test_one_in_twenty_like_the_measured_ones_is_outside():
    rng = np.random.default_rng(1)
    draw = lambda rows: rng.standard_normal((rows, 4)).astype(np.float32)  # noqa: E731
    data = TransferData.of_rows(
        draw(400), draw(600), np.zeros(4, bool), np.zeros(400), np.zeros(600), np.arange(400)
    )
    domain = Domain.of(data, rng)
    share = np.mean(domain.distance(new(draw(4000))) > domain.threshold)
    assert 0.03 < share < 0.07


def test_a_pair_is_as_far_as_the_mean_of_its_sides():
    sides = np.arange(12, dtype=np.float32).reshape(-1, 1)
    block = Block(sides, np.zeros(1, bool), np.arange(8), np.arange(8, 12))
    values = np.zeros(8), np.zeros(4)
    data = TransferData((block, block), *values, np.arange(8))
    domain = Domain.of(data, np.random.default_rng(0))
    one, row = np.array([[14.0]], np.float32), np.zeros(1, np.int64)
    known = NewBlock(sides[[3]], row)
    alone = domain.distance([NewBlock(one, row), NewBlock(one, row)])
    assert domain.distance([NewBlock(one, row), known]) == pytest.approx(alone / 2)
    assert domain.distance([known, known]) == 0


def test_a_single_side_is_no_trouble():
    block = Block(
        np.zeros((1, 2), np.float32), np.zeros(2, bool), np.zeros(5, int), np.zeros(4, int)
    )
    data = TransferData((block,), np.zeros(5), np.zeros(4), np.arange(5))
    domain = Domain.of(data, np.random.default_rng(0))
    assert (domain.threshold, domain.distance(new(np.zeros((1, 2))))[0]) == (0, 0)


def test_restored_it_gives_the_same(domain):
    values = new(np.abs(np.random.default_rng(3).integers(-3, 3, (9, 6))))
    restored = Domain.restore(domain.state(), 1)
    np.testing.assert_array_equal(restored.distance(values), domain.distance(values))
    assert restored.threshold == domain.threshold
