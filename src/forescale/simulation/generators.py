"""Lists of materials to start a campaign from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from itertools import product

from forescale.errors import MaterialError
from forescale.materials import Molecule

#: Tables of identifiers in ``chemicals``; SMILES stand in the fifth column.
_TABLES = (
    "chemical identifiers pubchem small.tsv",
    "chemical identifiers pubchem large.tsv",
    "chemical identifiers example user db.tsv",
    "Inorganic db.tsv",
)


def chemicals_identifiers(max_heavy_atoms: int = 24) -> Iterator[str]:
    """Molecules of the identifier tables of ``chemicals`` that the xtb engine takes.

    Single, neutral, closed-shell molecules of H C N O F Si P S Cl Br I at natural isotope
    abundance, with at most ``max_heavy_atoms``; each once, as canonical SMILES.
    """
    from rdkit import Chem

    from forescale.simulation.engines.xtb import require_supported

    seen: set[str] = set()
    for table in _TABLES:
        text = files("chemicals").joinpath("Identifiers", table).read_text(encoding="utf-8")
        for line in text.splitlines():
            try:
                key = Molecule.parse(line.split("\t")[4]).key
                require_supported(key, max_heavy_atoms)
            except MaterialError:
                continue
            atoms = Chem.MolFromSmiles(key).GetAtoms()
            labelled = any(atom.GetIsotope() for atom in atoms)
            if key not in seen and not labelled and any(a.GetAtomicNum() > 1 for a in atoms):
                seen.add(key)
                yield key


def crossed_pairs(
    solutes: Iterable[str], solvents: Iterable[str], temperatures: Iterable[float] = (298.15,)
) -> Iterator[str]:
    """Every solute or polymer in every solvent at every temperature (K).

    >>> list(crossed_pairs(["*CC*"], ["O", "CO"]))
    ['*CC* in O at 298.15 K', '*CC* in CO at 298.15 K']
    """
    for solute, solvent, temperature in product(solutes, solvents, temperatures):
        yield f"{solute} in {solvent} at {temperature} K"


#: Generators by the name that campaign files use.
GENERATORS: dict[str, Callable[..., Iterable[str]]] = {
    "chemicals": chemicals_identifiers,
    "pairs": crossed_pairs,
}
