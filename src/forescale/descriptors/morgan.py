"""Counts of circular atom environments (Morgan, ECFP-like)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator

from forescale.descriptors.contract import Column
from forescale.materials._isotopes import unlabelled

_RADIUS, _BITS = 2, 1024


class MorganCounts:
    """How often each circular environment of up to two bonds occurs, folded to 1,024 columns.

    Rogers and Hahn 2010, doi 10.1021/ci100050t.

    Examples
    --------
    >>> float(MorganCounts().rows(["CC"]).sum())
    3.0
    """

    name = "morgan"
    version = f"1+rdkit{rdBase.rdkitVersion}"
    material_kinds: tuple[str, ...] = ("molecule", "polymer")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        source = "Morgan counts, radius 2, doi 10.1021/ci100050t"
        return tuple(Column(f"morgan{bit}", kind="count", source=source) for bit in range(_BITS))

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
        out = np.zeros((len(keys), _BITS), dtype=np.float32)
        for row, key in enumerate(keys):
            out[row] = generator.GetCountFingerprintAsNumPy(unlabelled(Chem.MolFromSmiles(key)))
        return out
