"""RDKit's two-dimensional descriptors: composition, topology, surface, charge, fragments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, MolSurf, rdMolDescriptors
from rdkit.Chem.EState.EState import GetPrincipleQuantumNumber

from forescale.descriptors.contract import Column
from forescale.materials._isotopes import unlabelled

_EXCLUDED = {
    "Ipc",  # grows like 10^(atoms); its per-atom form AvgIpc stays
    # Scores of drugs and of syntheses: made of other columns, for a third of the cost.
    "qed",
    "SPS",
    "BertzCT",
    # The morgan descriptor has what these count.
    "FpDensityMorgan1",
    "FpDensityMorgan2",
    "FpDensityMorgan3",
}
_OF_MASS = ("MolWt", "ExactMolWt")  # isotopes are alike in all else

_Floats: TypeAlias = NDArray[np.float64]
_Function: TypeAlias = Callable[[Chem.Mol], float]


class RDKit2D:
    """About 210 descriptors of a molecule or of a repeat unit with its open ends.

    Open ends count as atoms of no element. Logarithmic descriptors are as RDKit defines
    them; see https://www.rdkit.org/docs/GettingStartedInPython.html#list-of-available-descriptors.
    Isotopologues differ in the columns of mass alone. Electrotopological states and the
    characteristic polynomial, which RDKit computes by loops and several times, are computed
    once here, by matrix operations: the same to single precision.

    Examples
    --------
    >>> RDKit2D().rows(["CCO"]).shape == (1, len(RDKit2D().columns))
    True
    """

    name = "rdkit2d"
    version = f"2+rdkit{rdBase.rdkitVersion}"
    material_kinds: tuple[str, ...] = ("molecule", "polymer")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column holds, with its unit and source."""
        source = f"RDKit {rdBase.rdkitVersion}, rdkit.Chem.Descriptors"
        return tuple(Column(name, source=source) for name in _functions())

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Values of each material, shape (materials, columns)."""
        functions = _functions()
        out = np.full((len(keys), len(functions)), np.nan, dtype=np.float32)
        with np.errstate(over="ignore"):
            for row, key in enumerate(keys):
                mol = Chem.MolFromSmiles(key)
                plain = unlabelled(mol)
                _once(plain)
                out[row] = [
                    _value(function, mol if name in _OF_MASS else plain)
                    for name, function in functions.items()
                ]
        return out


@cache
def _functions() -> dict[str, _Function]:
    return {
        name: _OWN.get(name, function)
        for name, function in Descriptors.descList
        if name not in _EXCLUDED
    }


def _value(function: _Function, mol: Chem.Mol) -> float:
    try:
        return float(function(mol))
    except (ValueError, RuntimeError, ZeroDivisionError):
        return float("nan")  # undefined for this structure: the column is dropped, and named


def _once(mol: Chem.Mol) -> None:
    """Leave with the molecule what several functions, RDKit's own too, look for there first."""
    atoms = [
        (
            atom.GetAtomicNum(),
            atom.GetDegree(),
            atom.GetTotalNumHs(),
            atom.GetFormalCharge(),
            atom.GetNumRadicalElectrons(),
        )
        for atom in mol.GetAtoms()
    ]
    mol._atoms = np.array(atoms, dtype=float).reshape(-1, 5).T
    mol._adjMat = Chem.GetDistanceMatrix(mol, False)
    mol._eStateIndices = _states(mol._atoms, mol._adjMat)
    # Contributions of heavy atoms do not depend on whether hydrogens are atoms of the graph.
    mol._crippen = np.array(rdMolDescriptors._CalcCrippenContribs(Chem.AddHs(mol))).reshape(-1, 2)
    areas = np.array(MolSurf._LabuteHelper(mol)[1:])  # type: ignore[no-untyped-call]
    logp, refractivity = mol._crippen[: mol.GetNumAtoms()].T
    mol._slogp_vsa = _binned(logp, areas, MolSurf.logpBins)
    mol._smr_vsa = _binned(refractivity, areas, MolSurf.mrBins)


def _binned(values: _Floats, areas: _Floats, bins: Sequence[float]) -> _Floats:
    """Surface area of the atoms whose value is in each bin, Labute 2000, shape (bins + 1,)."""
    place = np.searchsorted(bins, values, side="right")
    return np.bincount(place, weights=areas, minlength=len(bins) + 1).astype(float)


def _states(atoms: _Floats, path: _Floats) -> _Floats:
    """Electrotopological states, Hall, Mohney and Kier 1991, doi 10.1021/ci00001a012.

    Parameters
    ----------
    atoms
        Atomic number, degree, hydrogens, charge and radical electrons, shape (5, atoms).
    path
        Bonds between atoms, shape (atoms, atoms).
    """
    number, degree, hydrogens = atoms[:3]
    shell = _shells()[number.astype(int)]
    bound = np.maximum(degree, 1.0)
    own = (4.0 / shell**2 * (_outer(number) - hydrogens) + 1.0) / bound
    own = np.where(degree > 0, own, 0.0)
    reach = path + 1.0
    felt = np.where(reach < 1e6, (own[:, None] - own[None, :]) / reach**2, 0.0)
    return np.asarray(own + felt.sum(axis=1))


@cache
def _shells() -> _Floats:
    """Principal quantum number of each element, by atomic number."""
    shell = GetPrincipleQuantumNumber
    return np.array([float(shell(number)) for number in range(119)])  # type: ignore[no-untyped-call]


@cache
def _electrons() -> _Floats:
    """Outer electrons of each element, by atomic number."""
    table = Chem.GetPeriodicTable()
    return np.array([float(table.GetNOuterElecs(number)) for number in range(119)])


def _outer(number: _Floats) -> _Floats:
    return np.asarray(_electrons()[number.astype(int)])


def _valence_electrons(mol: Chem.Mol) -> float:
    number, _, hydrogens, charge, _ = mol._atoms
    return float((_outer(number) - charge + hydrogens).sum())


def _average_information(mol: Chem.Mol) -> float:
    """Information content of the characteristic polynomial of the graph, per population.

    Equation 7 of Bonchev and Trinajstić 1977, doi 10.1063/1.434593.
    """
    roots = np.linalg.eigvalsh((mol._adjMat == 1).astype(float))
    # Coefficients from the polynomial's values at the roots of unity.
    unity = np.exp(2j * np.pi * np.arange(len(roots) + 1) / (len(roots) + 1))
    values = np.prod(unity[:, None] - roots[None, :], axis=1)
    share = np.abs(np.fft.fft(values).real)
    share = share[share > 0] / share.sum()
    return float(-(share * np.log2(share)).sum())


def _chi0(mol: Chem.Mol) -> float:
    degree = mol._atoms[1]
    return float((1.0 / np.sqrt(degree[degree > 0])).sum())


def _chi1(mol: Chem.Mol) -> float:
    """Randić's index: every pair of neighbours once."""
    left, right = np.nonzero(np.triu(mol._adjMat == 1))
    degree = mol._atoms[1]
    return float((1.0 / np.sqrt(degree[left] * degree[right])).sum())


def _bin(attribute: str, place: int, mol: Chem.Mol) -> float:
    return float(getattr(mol, attribute)[place])


_OWN: dict[str, _Function] = {
    "AvgIpc": _average_information,
    "Chi0": _chi0,
    "Chi1": _chi1,
    "NumValenceElectrons": _valence_electrons,
    "NumRadicalElectrons": lambda mol: float(mol._atoms[4].sum()),
    "MaxEStateIndex": lambda mol: float(mol._eStateIndices.max()),
    "MinEStateIndex": lambda mol: float(mol._eStateIndices.min()),
    "MaxAbsEStateIndex": lambda mol: float(np.abs(mol._eStateIndices).max()),
    "MinAbsEStateIndex": lambda mol: float(np.abs(mol._eStateIndices).min()),
    "MolLogP": lambda mol: float(mol._crippen[:, 0].sum()),
    "MolMR": lambda mol: float(mol._crippen[:, 1].sum()),
    **{
        f"{name}{place + 1}": partial(_bin, attribute, place)
        for name, attribute, bins in (
            ("SlogP_VSA", "_slogp_vsa", MolSurf.logpBins),
            ("SMR_VSA", "_smr_vsa", MolSurf.mrBins),
        )
        for place in range(len(bins) + 1)
    },
}
