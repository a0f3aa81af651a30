"""RDKit's two-dimensional descriptors: composition, topology, surface, charge, fragments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors

from forescale.descriptors._base import Column

_EXCLUDED = {"Ipc"}  # grows like 10^(atoms); its per-atom form AvgIpc stays


class RDKit2D:
    """About 216 descriptors of a molecule or of a repeat unit with its open ends.

    Open ends count as atoms of no element. Logarithmic descriptors are as RDKit defines
    them; see https://www.rdkit.org/docs/GettingStartedInPython.html#list-of-available-descriptors.

    Examples
    --------
    >>> RDKit2D().rows(["CCO"]).shape == (1, len(RDKit2D().columns))
    True
    """

    name = "rdkit2d"
    version = f"1+rdkit{rdBase.rdkitVersion}"
    material_kinds: tuple[str, ...] = ("molecule", "polymer")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        source = f"RDKit {rdBase.rdkitVersion}, rdkit.Chem.Descriptors"
        return tuple(Column(name, source=source) for name, _ in _functions())

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        functions = [function for _, function in _functions()]
        out = np.full((len(keys), len(functions)), np.nan, dtype=np.float32)
        with np.errstate(over="ignore"):
            for row, key in enumerate(keys):
                mol = Chem.MolFromSmiles(key)
                out[row] = [_value(function, mol) for function in functions]
        return out


def _functions() -> list[tuple[str, object]]:
    return [(name, function) for name, function in Descriptors.descList if name not in _EXCLUDED]


def _value(function: object, mol: Chem.Mol) -> float:
    try:
        return float(function(mol))  # type: ignore[operator]
    except (ValueError, RuntimeError, ZeroDivisionError):
        return float("nan")  # undefined for this structure: the column is dropped, and named
