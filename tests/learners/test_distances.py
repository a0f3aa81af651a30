"""Distances that are kept: rows that are there are not found again, and are the same."""

from __future__ import annotations

import numpy as np
import pytest

from forescale.learners.contract import Block
from forescale.learners.gp.distances import SideDistances


def _block(rows, seed=0):
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(rows, 6))
    counts = rng.poisson(0.7, size=(rows, 9))
    is_count = np.array([False] * 6 + [True] * 9)
    values = np.concatenate([real, counts], axis=1).astype(np.float32)
    return Block(values, is_count, np.arange(rows), np.arange(rows))


def _prepared(block, reference, folder):
    return SideDistances.prepare(block, reference, "laplacian", folder, 0, most=None)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "new").mkdir()
    return tmp_path


def test_more_sides_give_what_all_at_once_would_give(folder):
    whole = _block(700)
    few = Block(whole.values[:400], whole.is_count, np.arange(400), np.arange(400))
    reference = np.arange(200)
    _prepared(few, reference, folder / "kept")
    grown = _prepared(whole, reference, folder / "kept")
    fresh = _prepared(whole, reference, folder / "new")
    assert np.array_equal(grown.square(), fresh.square())


def test_only_new_rows_are_found(folder, monkeypatch):
    whole, reference = _block(300), np.arange(100)
    _prepared(whole, reference, folder / "kept")
    monkeypatch.setattr("forescale.learners.gp.metric.Metric.fill_pairwise", None)
    assert len(_prepared(whole, reference, folder / "kept").square()) == 300


@pytest.mark.parametrize("change", ["values", "scales", "damage"])
def test_what_does_not_hold_any_more_is_found_anew(folder, change):
    block, reference = _block(300), np.arange(100)
    _prepared(block, reference, folder / "kept")
    if change == "values":
        block = _block(300, seed=1)
    elif change == "scales":
        reference = np.arange(150)
    else:
        (folder / "kept" / "distances-0.npy").write_bytes(b"no array")
    again = _prepared(block, reference, folder / "kept")
    fresh = _prepared(block, reference, folder / "new")
    assert np.array_equal(again.square(), fresh.square())
