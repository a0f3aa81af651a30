"""Chains of a repeat unit, in space and with force-field terms, by RadonPy.

Random walks of repeat units with atactic stereocentres and methyl ends (``radonpy.core.poly``);
GAFF2_mod atom types and terms (``radonpy.ff``; GAFF2: Wang et al. 2004, doi 10.1002/jcc.20035,
modified for fluorocarbons: Träg & Zahn 2019, doi 10.1007/s00894-018-3911-5); Gasteiger charges
(Gasteiger & Marsili 1980, doi 10.1016/0040-4020(80)80168-2). RadonPy: Hayashi et al. 2022,
doi 10.1038/s41524-022-00906-4.
"""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from forescale._machine.imports import optional
from forescale.engines.md.cell import Cell, Floats, Topology
from forescale.errors import EngineError, MaterialError

EXTRA = "md"
ELEMENTS = frozenset({1, 6, 7, 8, 9, 15, 16, 17, 35, 53})  # H C N O F P S Cl Br I
"""Elements with GAFF2_mod types."""
CLEARANCE = 2.0
"""Smallest distance between atoms of two chains when they are placed, Å."""
PLACEMENT_TRIES = 2000
CONFORMERS = 10
"""Conformers of a unit that walks are made of, and tries at each step of a walk."""
WALK_TRIES = 30


def require_supported(repeat_unit: str) -> Any:
    """The repeat unit as an RDKit molecule, if the engine can take it.

    Raises
    ------
    MaterialError
        If it is no repeat unit with two single-bonded ends, is charged or open-shell, or has
        elements without force-field types.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        unit = Chem.MolFromSmiles(repeat_unit)
    if unit is None:
        raise MaterialError(f"{repeat_unit!r} is not a repeat unit that RDKit can read")
    ends = [atom for atom in unit.GetAtoms() if atom.GetAtomicNum() == 0]
    single = Chem.BondType.SINGLE
    if len(ends) != 2 or any(
        len(end.GetBonds()) != 1 or end.GetBonds()[0].GetBondType() != single for end in ends
    ):
        raise MaterialError(
            f"{repeat_unit!r}: expected a repeat unit with two '*', each at one single bond"
        )
    atoms = [atom for atom in unit.GetAtoms() if atom.GetAtomicNum()]
    if any((atom.GetAtomicNum(), atom.GetIsotope()) == (1, 3) for atom in atoms):
        raise MaterialError(
            f"{repeat_unit!r} contains tritium, which chains are joined by; the engine takes "
            "hydrogen and deuterium"
        )
    if foreign := sorted({a.GetSymbol() for a in atoms if a.GetAtomicNum() not in ELEMENTS}):
        raise MaterialError(
            f"{repeat_unit!r} contains {', '.join(foreign)}; "
            "the force field has types for H C N O F P S Cl Br I"
        )
    if charge := Chem.GetFormalCharge(unit):
        raise MaterialError(
            f"{repeat_unit!r} has charge {charge:+d}; the engine takes neutral repeat units"
        )
    if any(atom.GetNumRadicalElectrons() for atom in atoms):
        raise MaterialError(f"{repeat_unit!r} has unpaired electrons; the engine takes none")
    return unit


def degree_of_polymerisation(repeat_unit: str, atoms: int) -> int:
    """Units in a chain of about ``atoms`` atoms, ends included; at least two."""
    from rdkit import Chem

    per_unit = Chem.AddHs(require_supported(repeat_unit)).GetNumAtoms() - 2
    return max(2, round((atoms - 8) / per_unit))


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[io.StringIO]:
    """RadonPy draws from the global generators and prints: seed them, restore them, listen."""
    state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            yield said
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)


def build_chains(repeat_unit: str, degree: int, chains: int, seed: int) -> tuple[Any, list[Floats]]:
    """Random walks of a chain.

    Parameters
    ----------
    repeat_unit
        Repeat unit, two ``*``.
    degree
        Units in a chain.
    chains
        Walks, each with its own conformation and tacticity.
    seed
        Seed of the walks.

    Returns
    -------
    molecule
        The chain, with hydrogens.
    walks
        Positions in each walk, Å; shape (atoms, 3).

    Raises
    ------
    EngineError
        If no walk was found; another seed may find one.
    """
    utils = optional("radonpy.core.utils", EXTRA)
    require_supported(repeat_unit)
    try:
        with _seeded(seed):
            units = _conformers(utils.mol_from_smiles(repeat_unit), seed)
            methyl = _conformers(utils.mol_from_smiles("*C"), seed)[0]
            built = [_walk(units, methyl, degree) for _ in range(chains)]
    except Exception as error:  # RadonPy raises its own error, RDKit's and bare ones
        raise EngineError(f"{repeat_unit!r}: RadonPy built no chain ({error})") from error
    return built[-1], [
        np.array(walk.GetConformer().GetPositions(), dtype=np.float64) for walk in built
    ]


def _walk(units: list[Any], methyl: Any, degree: int) -> Any:
    """One chain, from the first conformer of the unit with which a walk does not get stuck."""
    poly = optional("radonpy.core.poly", EXTRA)
    utils = optional("radonpy.core.utils", EXTRA)
    for attempt, unit in enumerate(units, start=1):
        try:
            walk = poly.polymerize_rw(
                unit, degree, opt=None, tacticity="atactic", retry=0, retry_step=WALK_TRIES
            )
            return poly.terminate_rw(walk, methyl, opt=None)
        except utils.RadonPyError:
            if attempt == len(units):
                raise
    raise EngineError("no conformer of the repeat unit")


def _conformers(molecule: Any, seed: int) -> list[Any]:
    """Copies of a unit with coordinates that a seed repeats, the most extended first.

    RadonPy embeds with a seed of its own choice. Its stereoisomer (trans double bonds in the
    backbone) is kept. Walks of compact conformers run into themselves.
    """
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    utils = optional("radonpy.core.utils", EXTRA)
    trial = Chem.Mol(molecule)
    Chem.AssignStereochemistryFrom3D(trial)
    settings: Any = rdDistGeom.ETKDGv3()
    settings.randomSeed = seed % 2**31
    if not rdDistGeom.EmbedMultipleConfs(trial, CONFORMERS, settings):
        settings.useRandomCoords = True
        rdDistGeom.EmbedMultipleConfs(trial, CONFORMERS, settings)
    found = [np.array(c.GetPositions(), dtype=np.float64) for c in trial.GetConformers()]
    ends = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetIsotope() == 3]
    found.sort(key=lambda x: -float(np.linalg.norm(x[ends[-1]] - x[ends[0]])))
    copies = []
    for positions in found:
        copy = utils.deepcopy_mol(molecule)
        copy.GetConformer().SetPositions(positions)
        copies.append(copy)
    return copies


def assign_force_field(molecule: Any, repeat_unit: str) -> tuple[Topology, str]:
    """GAFF2_mod terms and Gasteiger charges of a chain.

    Returns
    -------
    Topology
        The chain's terms.
    str
        Notes: parameters that RadonPy estimated.

    Raises
    ------
    MaterialError
        If atoms or terms have no parameters, or charges no value.
    """
    gaff = optional("radonpy.ff.gaff2_mod", EXTRA)
    calc = optional("radonpy.core.calc", EXTRA)
    with _seeded(0) as said:
        try:
            typed = gaff.GAFF2_mod().ff_assign(molecule) and calc.assign_charges(
                molecule, charge="gasteiger"
            )
        except Exception as error:  # as above
            raise MaterialError(f"{repeat_unit!r}: no force-field terms ({error})") from error
    remarks = list(dict.fromkeys(said.getvalue().splitlines()))
    if not typed:
        reasons = [
            line.removeprefix("RadonPy warning: ")
            for line in remarks
            if "annot" in line or "an not" in line
        ]
        raise MaterialError(
            f"{repeat_unit!r}: GAFF2_mod lacks parameters ({'; '.join(reasons[:3] or remarks[:3])})"
        )
    estimated = [line for line in remarks if "empirical" in line]
    return _topology(molecule, repeat_unit), "; ".join(estimated)


def _topology(molecule: Any, repeat_unit: str) -> Topology:
    atoms, bonds = list(molecule.GetAtoms()), list(molecule.GetBonds())
    charges = np.array([atom.GetDoubleProp("AtomicCharge") for atom in atoms])
    if not np.isfinite(charges).all() or abs(charges.sum()) > 1e-3:
        raise MaterialError(f"{repeat_unit!r}: Gasteiger charges have no value or do not cancel")
    terms = [
        ((d.a, d.b, d.c, d.d), (k, n, phase))
        for d in molecule.dihedrals
        for k, n, phase in zip(d.ff.k, d.ff.n, d.ff.d0_rad, strict=True)
        if k != 0.0
    ]
    return Topology(
        numbers=np.array([atom.GetAtomicNum() for atom in atoms], dtype=np.int64),
        types=tuple(atom.GetProp("ff_type") for atom in atoms),
        masses=np.array([_mass(atom) for atom in atoms]),
        charges=charges - charges.mean(),
        epsilon=np.array([atom.GetDoubleProp("ff_epsilon") for atom in atoms]),
        sigma=np.array([atom.GetDoubleProp("ff_sigma") for atom in atoms]),
        bonds=_atoms([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in bonds], 2),
        bond_terms=_terms([(b.GetDoubleProp("ff_k"), b.GetDoubleProp("ff_r0")) for b in bonds], 2),
        angles=_atoms([(a.a, a.b, a.c) for a in molecule.angles], 3),
        angle_terms=_terms([(a.ff.k, a.ff.theta0_rad) for a in molecule.angles], 2),
        torsions=_atoms([atoms for atoms, _ in terms], 4),
        torsion_terms=_terms([numbers for _, numbers in terms], 3),
        impropers=_atoms([(i.a, i.b, i.c, i.d) for i in molecule.impropers], 4),
        # cvff: k·(1 + d·cos(n·φ)), d = ±1
        improper_terms=_terms(
            [(i.ff.k, i.ff.n, 0.0 if i.ff.d0 > 0 else np.pi) for i in molecule.impropers], 3
        ),
    )


def _mass(atom: Any) -> float:
    """Mass, u; RadonPy labels what is left of a unit's open ends ``[3H]``."""
    return 1.008 if (atom.GetAtomicNum(), atom.GetIsotope()) == (1, 3) else float(atom.GetMass())


def _atoms(rows: list[tuple[int, ...]], width: int) -> Any:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def _terms(rows: list[tuple[float, ...]], width: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def place(walks: list[Floats], cell: Cell, density: float, seed: int) -> tuple[Floats, float]:
    """Chains at random places and orientations, clear of each other, in a periodic box.

    Returns
    -------
    positions
        Unwrapped, Å; shape (atoms, 3).
    length
        Edge of the box, Å.

    Raises
    ------
    EngineError
        If there was no room, even at a tenth of the density.
    """
    from scipy.spatial.transform import Rotation

    random_numbers = np.random.default_rng([seed, 1])
    for thinner in (1.0, 0.5, 0.2, 0.1):
        length = cell.length(density * thinner)
        placed: list[Floats] = []
        for walk in walks:
            for _ in range(PLACEMENT_TRIES // len(walks)):
                turned = Rotation.random(random_state=random_numbers).apply(
                    walk - walk.mean(axis=0)
                )
                trial = turned + random_numbers.uniform(0.0, length, 3)
                if not placed or _clear(placed, trial, length):
                    placed.append(trial)
                    break
            else:
                break
        if len(placed) == len(walks):
            return np.concatenate(placed), length
    raise EngineError(f"no room for {len(walks)} chains at {density * 0.1:.3g} g/cm³")


def _clear(placed: list[Floats], trial: Floats, length: float) -> bool:
    tree = cKDTree(np.concatenate(placed) % length, boxsize=length)
    return bool(np.isinf(tree.query(trial % length, distance_upper_bound=CLEARANCE)[0]).all())
