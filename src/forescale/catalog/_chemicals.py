"""Structures for CAS numbers, from the identifier tables of the ``chemicals`` package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

_TABLES = (
    "chemical identifiers pubchem small.tsv",
    "chemical identifiers example user db.tsv",
    "chemical identifiers pubchem large.tsv",
)
_CAS, _SMILES, _SYNONYMS = 1, 4, 7  # columns of those tables
_PATTERN = re.compile(r"\d{2,7}-\d\d-\d")


def structures(cas_numbers: Iterable[str]) -> dict[str, str]:
    """SMILES of the compounds that the tables know, by the CAS number asked for.

    A number that is not the main one of any compound is looked up among the synonyms,
    and used if exactly one compound has it.

    >>> structures(["64-17-5"])
    {'64-17-5': 'CCO'}
    """
    wanted = set(cas_numbers)
    main: dict[str, str] = {}
    other: dict[str, set[str]] = {}
    for table in _TABLES:
        with (_folder() / table).open(encoding="utf-8") as lines:
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                if len(fields) <= _SMILES:
                    continue
                if fields[_CAS] in wanted:
                    main.setdefault(fields[_CAS], fields[_SMILES])
                for synonym in fields[_SYNONYMS:]:
                    if synonym in wanted:
                        other.setdefault(synonym, set()).add(fields[_SMILES])
    unique = {cas: next(iter(found)) for cas, found in other.items() if len(found) == 1}
    return {cas: smiles for cas, smiles in (unique | main).items() if smiles}


def hyphenated(cas: str) -> str:
    """A CAS number in its usual form, also from digits alone.

    >>> hyphenated("64175"), hyphenated("64-17-5")
    ('64-17-5', '64-17-5')
    """
    return cas if _PATTERN.fullmatch(cas) else f"{cas[:-3]}-{cas[-3:-1]}-{cas[-1:]}"


def _folder() -> Path:
    spec = find_spec("chemicals")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "Identifiers"
