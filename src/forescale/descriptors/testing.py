"""Tests that every descriptor passes; also for descriptors from elsewhere.

Subclass :class:`DescriptorSuite` in a test file, give it your descriptor, and pytest runs
the whole contract::

    from forescale.descriptors.testing import DescriptorSuite

    class TestMine(DescriptorSuite):
        @pytest.fixture
        def descriptor(self):
            return Mine()
"""

from __future__ import annotations

import pickle
from typing import get_args

import numpy as np
import pytest

from forescale.descriptors.contract import ColumnKind, Descriptor

KEYS = {
    "composition": ("ClNa", "Fe2O3", "Si", "La7Mn10O30Sr3", "CuH10O9S", "NNa", "HePu"),
    "molecule": ("CCO", "C", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "N[C@@H](C)C(=O)O", "FC(F)(F)F"),
    "polymer": ("*C*", "*CCO*", "*CC(*)c1ccccc1", "*NCCCCCC(*)=O", "*O[Si](*)(C)C", "*/C=C/*"),
}
"""Canonical keys of each kind of material that the suite describes."""


class DescriptorSuite:
    """Contract of :class:`~forescale.descriptors.Descriptor`; subclass it and give yours."""

    @pytest.fixture
    def descriptor(self) -> Descriptor:
        """Return the descriptor under test."""
        raise NotImplementedError("give the suite a fixture named descriptor")

    @pytest.fixture
    def keys(self, descriptor: Descriptor) -> list[str]:
        """Return canonical keys to describe; override for a new kind of material."""
        return [key for kind in descriptor.material_kinds for key in KEYS.get(kind, ())]

    def test_is_a_descriptor(self, descriptor: Descriptor) -> None:
        assert isinstance(descriptor, Descriptor)
        assert descriptor.material_kinds
        assert descriptor.version
        assert descriptor.name.isidentifier(), "the name is a folder and a word of study files"

    def test_columns_are_named_once_with_kind_and_source(self, descriptor: Descriptor) -> None:
        names = [column.name for column in descriptor.columns]
        assert names
        assert len(set(names)) == len(names)
        assert all(column.kind in get_args(ColumnKind) for column in descriptor.columns)
        assert all(column.source for column in descriptor.columns)

    def test_rows_have_the_columns_shape(self, descriptor: Descriptor, keys: list[str]) -> None:
        assert len(keys) >= 2
        rows = descriptor.rows(keys)
        assert rows.dtype == np.float32
        assert rows.shape == (len(keys), len(descriptor.columns))
        assert descriptor.rows([]).shape == (0, len(descriptor.columns))

    def test_undefined_is_nan_and_something_is_defined(
        self, descriptor: Descriptor, keys: list[str]
    ) -> None:
        rows = descriptor.rows(keys)
        assert not np.isinf(rows).any()
        assert np.isfinite(rows).all(axis=0).any()

    def test_materials_differ(self, descriptor: Descriptor, keys: list[str]) -> None:
        rows = np.nan_to_num(descriptor.rows(keys))
        assert len(np.unique(rows, axis=0)) == len(set(keys))

    def test_counts_count(self, descriptor: Descriptor, keys: list[str]) -> None:
        is_count = np.array([column.kind == "count" for column in descriptor.columns])
        counts = descriptor.rows(keys)[:, is_count]
        assert np.array_equal(counts, np.abs(np.rint(counts)))

    def test_a_row_depends_on_its_key_alone(self, descriptor: Descriptor, keys: list[str]) -> None:
        together = descriptor.rows(keys)
        alone = np.concatenate([descriptor.rows([key]) for key in keys])
        np.testing.assert_array_equal(alone, together)
        np.testing.assert_array_equal(
            descriptor.rows([*keys[::-1], *keys])[: len(keys)][::-1], alone
        )

    def test_workers_get_a_copy_that_gives_the_same(
        self, descriptor: Descriptor, keys: list[str]
    ) -> None:
        copy = pickle.loads(pickle.dumps(descriptor))  # noqa: S301
        assert copy.columns == descriptor.columns
        np.testing.assert_array_equal(copy.rows(keys), descriptor.rows(keys))
