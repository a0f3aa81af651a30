"""The force field and a state as LAMMPS reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from forescale.engines.md.backend import COULOMB_14, LENNARD_JONES_14
from forescale.engines.md.cell import Cell, Floats, Ints, State

SKIN = 2.0
"""Distance beyond the cut-off in neighbour lists, Å."""


def header(cell: Cell, tolerance: float | None, *, soft: bool = False) -> list[str]:
    """Script up to the point where the cell is read.

    Parameters
    ----------
    cell
        Chains.
    tolerance
        Relative error allowed to long-range forces; without it Coulomb forces are cut off.
    soft
        Soft repulsion in place of pair interactions, for minimising overlaps.
    """
    if soft:
        pair = ["pair_style soft 3.0", "special_bonds lj 0.0 0.0 0.0"]
        coefficients = ["pair_coeff * * 100.0"]
    else:
        long_range = tolerance is not None
        style = f"lj/cut/coul/{'long' if long_range else 'cut'} {cell.cutoff:g}"
        pair = [
            f"pair_style {style}",
            "pair_modify mix arithmetic tail yes",
            f"special_bonds lj 0.0 0.0 {LENNARD_JONES_14} coul 0.0 0.0 {COULOMB_14}",
        ]
        if long_range:
            pair.append(f"kspace_style pppm {tolerance:g}")
        types = _atom_types(cell)
        coefficients = [
            f"pair_coeff {number} {number} {epsilon:.10g} {sigma:.10g}"
            for number, (_, epsilon, sigma) in enumerate(types[0], start=1)
        ]
    return [
        "units real",
        "atom_style full",
        "boundary p p p",
        "bond_style harmonic",
        "angle_style harmonic",
        "dihedral_style fourier",
        "improper_style cvff",
        *pair,
        f"neighbor {SKIN:g} bin",
        "neigh_modify delay 0 every 1 check yes",
        f"comm_modify cutoff {cell.cutoff + SKIN + 3.0:g}",
        "read_data cell.data",
        *coefficients,
    ]


def data_file(cell: Cell, state: State) -> str:
    """The data file: types, coefficients, atoms, velocities, and all terms."""
    chain = cell.chain
    (types, of_atom), torsions = _atom_types(cell), _fourier(chain.torsions, chain.torsion_terms)
    sections = {
        "Masses": _numbered((f"{mass:.10g}",) for mass, _, _ in types),
        "Bond Coeffs": _coefficients(chain.bond_terms),
        "Angle Coeffs": _numbered(
            (f"{k:.10g}", f"{np.degrees(rest):.10g}") for k, rest in chain.angle_terms
        ),
        "Dihedral Coeffs": _numbered(
            (str(len(terms)), *(f"{k:.10g} {n:.0f} {np.degrees(p):.10g}" for k, n, p in terms))
            for _, terms in torsions
        ),
        "Improper Coeffs": _numbered(
            (f"{k:.10g}", "1" if abs(phase) < 1e-6 else "-1", f"{n:.0f}")
            for k, n, phase in chain.improper_terms
        ),
        "Atoms": _atoms(cell, state, of_atom),
        "Velocities": _numbered(
            tuple(f"{value:.17g}" for value in row) for row in state.velocities
        ),
        "Bonds": _terms(cell, chain.bonds),
        "Angles": _terms(cell, chain.angles),
        "Dihedrals": _terms(cell, np.array([atoms for atoms, _ in torsions])),
        "Impropers": _terms(cell, chain.impropers),
    }
    lengths = {name: len(rows) for name, rows in sections.items()}
    counts = [
        f"{lengths['Atoms']} atoms",
        f"{lengths['Masses']} atom types",
        *(
            f"{lengths[plural]} {plural.lower()}\n{lengths[f'{single} Coeffs']} "
            f"{single.lower()} types"
            for single, plural in (
                ("Bond", "Bonds"),
                ("Angle", "Angles"),
                ("Dihedral", "Dihedrals"),
                ("Improper", "Impropers"),
            )
        ),
        *(
            f"0.0 {edge:.17g} {axis}lo {axis}hi"
            for axis, edge in zip("xyz", cell.box(state.length), strict=True)
        ),
    ]
    body = (f"{name}\n\n" + "\n".join(rows) for name, rows in sections.items() if rows)
    return "\n\n".join(["Amorphous cell", "\n".join(counts), *body]) + "\n"


def _atom_types(cell: Cell) -> tuple[list[tuple[float, float, float]], Ints]:
    """Distinct mass, epsilon and sigma, and the number of each atom's among them."""
    chain = cell.chain
    masses = chain.heavier_hydrogens(cell.hydrogen_mass)
    rows = np.round(np.stack([masses, chain.epsilon, chain.sigma], axis=1), 10)
    types, of_atom = np.unique(rows, axis=0, return_inverse=True)
    return [(float(m), float(e), float(s)) for m, e, s in types], of_atom.ravel() + 1


def _fourier(atoms: Ints, terms: Floats) -> list[tuple[tuple[int, ...], list[Floats]]]:
    """Torsions with all their Fourier terms: consecutive rows of the same four atoms are one."""
    found: list[tuple[tuple[int, ...], list[Floats]]] = []
    for four, term in zip(atoms, terms, strict=True):
        key = tuple(int(atom) for atom in four)
        if found and found[-1][0] == key:
            found[-1][1].append(term)
        else:
            found.append((key, [term]))
    return found


def _numbered(rows: Iterable[Iterable[str]]) -> list[str]:
    return [f"{number} {' '.join(row)}" for number, row in enumerate(rows, start=1)]


def _coefficients(terms: Floats) -> list[str]:
    return _numbered((f"{k:.10g}", f"{rest:.10g}") for k, rest in terms)


def _atoms(cell: Cell, state: State, types: Ints) -> list[str]:
    """Atoms, wrapped into the box, with the image that each is in."""
    box = cell.box(state.length)
    images = np.floor(state.positions / box).astype(int)
    wrapped = state.positions - images * box
    chain = cell.chain
    return _numbered(
        (
            str(atom // chain.size + 1),
            str(types[atom % chain.size]),
            f"{chain.charges[atom % chain.size]:.12g}",
            *(f"{x:.17g}" for x in wrapped[atom]),
            *(str(i) for i in images[atom]),
        )
        for atom in range(cell.size)
    )


def _terms(cell: Cell, rows: Ints) -> list[str]:
    """A term of the chain is a type of its own; its copies in all chains are of that type."""

    def copies() -> Iterator[tuple[str, ...]]:
        for first in cell.offsets():
            for kind, atoms in enumerate(rows, start=1):
                yield (str(kind), *(str(int(first + atom) + 1) for atom in atoms))

    return _numbered(copies())
