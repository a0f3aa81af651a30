"""Lists of materials to start a campaign from."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import product
from typing import Any

from forescale._machine.plugins import PluginKind
from forescale.errors import MaterialError
from forescale.materials import Molecule

_TABLES = (
    "chemical identifiers pubchem small.tsv",
    "chemical identifiers pubchem large.tsv",
    "chemical identifiers example user db.tsv",
    "Inorganic db.tsv",
)
"""Tables of identifiers in ``chemicals``; SMILES stand in the fifth column."""


def chemicals_identifiers(max_heavy_atoms: int = 24) -> Iterator[str]:
    """Molecules of the identifier tables of ``chemicals`` that the xtb engine takes.

    Single, neutral, closed-shell molecules of H C N O F Si P S Cl Br I at natural isotope
    abundance, with at most ``max_heavy_atoms``; each once, as canonical SMILES.
    """
    from rdkit import Chem

    from forescale.engines.xtb import require_supported

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


def _lacks(found: Any) -> str:
    """What an object lacks to be a function that makes materials.

    >>> from shutil import rmtree
    >>> _lacks(crossed_pairs), _lacks(rmtree)
    ('', "expected a function of your own, not of Python's standard library")
    """
    if not inspect.isfunction(found):
        return f"got a {type(found).__name__}, expected a function written in Python"
    if found.__module__.partition(".")[0] in sys.stdlib_module_names:
        return "expected a function of your own, not of Python's standard library"
    beside_the_campaign = found.__module__.startswith("forescale_file_")
    returned = str(inspect.signature(found).return_annotation)
    if beside_the_campaign or inspect.isgeneratorfunction(found) or _OF_TEXTS.fullmatch(returned):
        return ""
    return (
        "expected one that yields texts, or is annotated to return an iterable of them "
        "(-> Iterable[str])"
    )


_OF_TEXTS = re.compile(
    r"(\w+\.)*(Iterable|Iterator|Generator|Sequence|Collection|[lL]ist|[tT]uple)\[str\b.*\]"
)

GENERATORS = PluginKind(
    what="generator",
    key="materials.generator",
    group="forescale.generators",
    own={
        "chemicals": f"{__name__}:chemicals_identifiers",
        "pairs": f"{__name__}:crossed_pairs",
        "repeat-units": f"{__name__}.repeat_units:repeat_units",
        "substituents": f"{__name__}.substituents:substituted",
        "compositions": f"{__name__}.compositions:compositions",
    },
    lacks=_lacks,
    files=True,
)
"""Generators by the name that campaign files use; installed packages may announce theirs."""
