"""What the points say of their own noise."""

import numpy as np
import pytest

from forescale.laws import read_curve


def test_noise_of_means_follows_the_scatter_between_replicates():
    rng = np.random.default_rng(0)
    n = np.geomspace(10, 1000, 8)
    values = np.exp(0.05 * rng.standard_normal((40, 8)))
    curve = read_curve(np.tile(n, 40), values.ravel(), np.repeat(np.arange(40), 8))
    assert curve.noise_sd() == pytest.approx(np.full(8, 0.05 / 40**0.5), rel=0.35)
    assert np.mean(curve.noise_sd()) == pytest.approx(0.05 / 40**0.5, rel=0.1)


def test_scatter_shared_by_a_curve_is_told_apart_from_the_rest():
    rng = np.random.default_rng(0)
    n = np.geomspace(10, 1000, 8)
    values = np.exp(0.05 * rng.standard_normal((40, 1)) + 0.005 * rng.standard_normal((40, 8)))
    curve = read_curve(np.tile(n, 40), values.ravel(), np.repeat(np.arange(40), 8))
    assert curve.common == pytest.approx(0.05 / 40**0.5, rel=0.35)
    assert curve.noise_sd() == pytest.approx(np.full(8, 0.005 / 40**0.5), rel=0.35)
    assert curve.freedom == 39


def test_wild_small_sizes_do_not_blur_the_large_ones():
    """Scatter of 60 % at the smallest n, of .5 % at the largest, as in drug response."""
    rng = np.random.default_rng(0)
    n = np.geomspace(10, 100_000, 30)
    sd = 0.6 * (n / n[0]) ** -0.5
    values = np.exp(0.003 * rng.standard_normal((20, 1)) + sd * rng.standard_normal((20, 30)))
    curve = read_curve(np.tile(n, 20), values.ravel(), np.repeat(np.arange(20), 30))
    assert curve.noise_sd()[-5:] == pytest.approx(sd[-5:] / 20**0.5, rel=0.3)
    assert curve.noise_sd()[:5] == pytest.approx(sd[:5] / 20**0.5, rel=0.6)


def test_few_test_materials_stay_few_however_many_replicates_share_them():
    rng = np.random.default_rng(0)
    values = np.exp(0.05 * rng.standard_normal((40, 1)) + 0.005 * rng.standard_normal((40, 8)))
    curve = read_curve(np.tile(np.arange(1, 9), 40), values.ravel(), np.repeat(np.arange(40), 8))
    assert curve.tested_on(0.2).common == pytest.approx(curve.common * 8**0.5)
    assert curve.tested_on(0.01).common == curve.common


def balanced(blocks, seed=0):
    """Blocks of five replicates: what their test sets hold moves each, but no block's mean."""
    rng = np.random.default_rng(seed)
    n = np.geomspace(10, 1000, 12)
    held = 0.1 * rng.standard_normal((blocks, 5, 12))
    held -= held.mean(axis=1, keepdims=True)
    values = 1 + held + 0.01 * rng.standard_normal((blocks, 5, 12))
    replicate = np.repeat(np.arange(5 * blocks), 12)
    return np.tile(n, 5 * blocks), values.ravel(), replicate


def test_what_test_sets_hold_cancels_in_whole_blocks():
    sds = [np.median(read_curve(*balanced(2, k), block=5).noise_sd()) for k in range(8)]
    assert np.median(sds) == pytest.approx(0.01 / 10**0.5, rel=0.3)
    many = read_curve(*balanced(20), block=5)
    assert many.noise_of == "blocks"
    assert np.mean(many.noise_sd()) == pytest.approx(0.01 / 100**0.5, rel=0.15)
    assert many.common == pytest.approx(0.0, abs=0.01)


def test_blocks_that_are_not_whole_are_replicates_like_any():
    n, error, replicate = balanced(2)
    curve = read_curve(n[:-12], error[:-12], replicate[:-12], block=5)
    assert curve.noise_of == "replicates"
    assert np.mean(curve.noise_sd()) > 0.02


def test_a_single_block_leaves_the_noise_to_the_fit():
    curve = read_curve(*balanced(1), block=5)
    assert (curve.noise, curve.noise_of) == (None, "block")


def test_given_standard_errors_are_used_and_holes_filled():
    curve = read_curve([10, 100, 1000], [1.0, 0.5, 0.25], se=[0.1, np.nan, 0.025])
    assert curve.noise_sd() == pytest.approx([0.1, 0.1, 0.1])


def test_a_standard_error_of_zero_beside_others_is_not_known():
    curve = read_curve([10, 100, 1000], [1.0, 0.5, 0.25], se=[0.1, 0.0, 0.025])
    assert curve.noise_sd() == pytest.approx([0.1, 0.1, 0.1])


def test_values_without_repeats_say_nothing():
    assert read_curve([10, 100], [1.0, 0.5]).noise is None
    assert read_curve([10, 100], [1.0, 0.5], ["a", "b"]).noise is None


def test_dense_curves_are_merged_without_losing_level_or_precision():
    rng = np.random.default_rng(0)
    n = np.arange(20, 620, dtype=float)
    curve = read_curve(n, (2 * n**-0.5 + 0.1) * np.exp(0.05 * rng.standard_normal(600)))
    thin = curve.thinned()
    assert len(thin.n) <= 64
    assert thin.error[-1] == pytest.approx(2 * 600**-0.5 + 0.1, rel=0.03)
    assert thin.noise_sd()[-1] < 0.02
