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


def test_scatter_shared_by_a_curve_is_seen_as_correlation():
    rng = np.random.default_rng(0)
    n = np.geomspace(10, 1000, 8)
    values = np.exp(0.05 * rng.standard_normal((40, 1)) + 0.005 * rng.standard_normal((40, 8)))
    noise = read_curve(np.tile(n, 40), values.ravel(), np.repeat(np.arange(40), 8)).noise
    sd = np.sqrt(np.diag(noise))
    assert (noise / np.outer(sd, sd))[0, -1] > 0.7


def test_given_standard_errors_are_used_and_holes_filled():
    curve = read_curve([10, 100, 1000], [1.0, 0.5, 0.25], se=[0.1, np.nan, 0.025])
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
