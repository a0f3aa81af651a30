"""Substituents on scaffolds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from forescale.errors import ConfigError, MaterialError
from forescale.materials import Molecule, Polymer

_SITE = re.compile(r"\[\*:(\d+)\]")
_HYDROGEN = "[H]"


def substituted(
    scaffolds: Iterable[str], groups: Iterable[str], most: int = 100_000
) -> Iterator[str]:
    """Scaffolds with a group at each of their sites, each material once, as they are made.

    Parameters
    ----------
    scaffolds
        SMILES with sites ``[*:1]``, ``[*:2]``, …; a ``*`` without number is the end of a repeat
        unit.
    groups
        SMILES with one ``*``, where they are bound; ``*[H]`` leaves a site as it is.
    most
        Stop after so many.

    Raises
    ------
    ConfigError
        If a scaffold has no site, a group not one ``*``, or either cannot be read.

    Examples
    --------
    >>> list(substituted(["c1ccccc1[*:1]"], ["*C", "*[H]", "*Cl"]))
    ['Cc1ccccc1', 'c1ccccc1', 'Clc1ccccc1']
    >>> list(substituted(["*CC(*)[*:1]"], ["*C#N"]))
    ['*CC(*)C#N']
    """
    bound = [_group(text) for text in groups]
    seen: set[str] = set()
    for scaffold in scaffolds:
        sites = sorted(set(_SITE.findall(scaffold)), key=int)
        if not sites:
            raise ConfigError(f"scaffolds: got {scaffold!r}, expected a site such as [*:1]")
        for chosen in product(bound, repeat=len(sites)):
            key = _joined(scaffold, dict(zip(sites, chosen, strict=True)))
            if key not in seen:
                if len(seen) >= most:
                    return
                seen.add(key)
                yield key


def _group(text: str) -> str:
    from rdkit import Chem

    if text.count("*") != 1 or Chem.MolFromSmiles(text, sanitize=False) is None:
        raise ConfigError(f"groups: got {text!r}, expected a SMILES with one *")
    return text


def _joined(scaffold: str, groups: dict[str, str]) -> str:
    """Key of a scaffold with a group at each site."""
    from rdkit import Chem

    numbered = [
        group.replace("*", f"[*:{900 + int(site)}]")
        if "[" not in group or "[*" not in group
        else re.sub(r"\[\*[^\]]*\]", f"[*:{900 + int(site)}]", group)
        for site, group in groups.items()
    ]
    # The scaffold's sites get numbers that its own ends cannot have.
    renamed = _SITE.sub(lambda found: f"[*:{900 + int(found.group(1))}]", scaffold)
    parser: Any = Chem.SmilesParserParams()
    parser.removeHs = False
    try:
        whole = Chem.molzip(Chem.MolFromSmiles(".".join([renamed, *numbered]), parser))
        smiles = Chem.MolToSmiles(Chem.RemoveHs(whole))
        kind = Polymer if "*" in smiles else Molecule
        return kind.parse(smiles).key
    except (ValueError, RuntimeError, TypeError, MaterialError) as error:
        made = f"{scaffold} with {', '.join(groups.values())}"
        raise ConfigError(f"scaffolds: {made} is no material ({error})") from None
