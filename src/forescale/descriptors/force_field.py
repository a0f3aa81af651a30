"""Force-field kernel means: distributions of GAFF2 parameters over the endless chain.

Every atom, bond, angle and dihedral of the chain has parameters in the force field that
polymers are simulated with; each parameter's distribution is condensed into its mean
under 20 Gaussian kernels (10 for the mass). The parameters and kernels are those of
RadonPy's ``FF_descriptor`` (Hayashi et al. 2022, doi 10.1038/s41524-022-00906-4; used for
scaling laws by Minami et al. 2025, doi 10.1038/s41524-025-01606-5). RadonPy closes a ring
of ten units, on which ring perception can take for ever; here the distribution is that of
what one more unit adds to a long chain.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from forescale._machine.imports import optional
from forescale.descriptors.contract import Column
from forescale.materials._chain import ChainPair
from forescale.materials.polymer import Polymer

_REACH = 12
"""Backbone atoms of the shorter chain: beyond, charges do not feel the ends."""

_EXTRA = "polymer-ff"
_ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")
_PARAMETERS = {
    "charge": "partial charge (Gasteiger)",
    "epsilon": "Lennard-Jones depth",
    "sigma": "Lennard-Jones distance",
    "k_bond": "force constant of bonds",
    "r0": "length of bonds",
    "polar": "difference of charge along bonds",
    "k_angle": "force constant of angles",
    "theta0": "angle",
    "k_dih": "barrier of dihedrals",
}
_KERNELS = 20
_WIDTHS = np.array([len(_ELEMENTS), *[_KERNELS] * len(_PARAMETERS)])


def _radonpy() -> str:
    """Version of RadonPy, which brings the parameters."""
    try:
        return installed("radonpy-pypi")
    except PackageNotFoundError:
        return " missing"


class ForceField:
    """190 kernel means of GAFF2 parameters per atom, bond, angle or dihedral of the chain.

    Needs the extra ``polymer-ff``. Chains with atoms that the force field has no type for
    (silicon, boron, selenium, metals) have a row of NaN; a study with such polymers is
    refused with their names.
    """

    name = "force_field"
    version = f"1+radonpy{_radonpy()}+rdkit{rdBase.rdkitVersion}"
    material_kinds: tuple[str, ...] = ("polymer",)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        source = "kernel mean of GAFF2_mod, RadonPy, doi 10.1038/s41524-022-00906-4"
        masses = (Column(f"mass_{element}", source=f"mass: {source}") for element in _ELEMENTS)
        others = (
            Column(f"{name}_{place}", source=f"{what}: {source}")
            for name, what in _PARAMETERS.items()
            for place in range(_KERNELS)
        )
        return (*masses, *others)

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Features, shape (len(keys), 190); NaN where the force field has no parameters."""
        calculator = _calculator()
        out = np.full((len(keys), len(self.columns)), np.nan, dtype=np.float32)
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123
            for row, key in enumerate(keys):
                out[row] = _row(calculator, key)
        return out


@cache
def _calculator() -> Any:
    descriptor = optional("radonpy.ff.descriptor", _EXTRA)
    parameters = optional("radonpy.ff.gaff2_mod", _EXTRA)
    return descriptor.FF_descriptor(parameters.GAFF2_mod(), polar=True)


def _row(calculator: Any, key: str) -> NDArray[np.float64]:
    undefined = np.full(_WIDTHS.sum(), np.nan)
    try:
        # Types of conjugated atoms alternate along the order of atoms: one drawing for all.
        pair = ChainPair.of(Polymer.parse(key).key, _REACH).unlabelled()
    except (ValueError, RuntimeError):
        return undefined  # RDKit refuses the chain
    shorter, longer = (_sums(calculator, mol) for mol in (pair.shorter, pair.longer))
    if shorter is None or longer is None:
        return undefined
    added = longer[1] - shorter[1]
    if not (added > 0).all():
        return undefined
    return np.asarray((longer[0] - shorter[0]) / np.repeat(added, _WIDTHS))


def _sums(
    calculator: Any, chain: Chem.Mol
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Kernels summed over a chain, and over how many parameters; None without parameters."""
    mol = Chem.AddHs(chain)
    try:
        if not calculator.ff.ff_assign(mol, charge="gasteiger"):
            return None
        values = calculator.get_param_list(mol)
        means = calculator.ff_kernel_mean(mol)
    except (KeyError, ValueError, RuntimeError):
        return None  # an atom without a type has no charge to read
    numbers = np.array([len(one) for one in values], dtype=float)
    return means * np.repeat(numbers, _WIDTHS), numbers
