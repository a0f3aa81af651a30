"""Repeat units by rules of polymerisation from monomers.

The classes of polymers follow SMiPoly (Ohno et al., J. Chem. Inf. Model. 63, 5539 (2023), doi
10.1021/acs.jcim.3c00329); the rules here are reactions of our own that draw the ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

from forescale.errors import ConfigError, MaterialError
from forescale.materials import Molecule, Polymer

_ACID = "[CX3:{0}](=[O:{1}])[OX2H1]"
_ALCOHOL = "[OX2H1:{0}][#6;!$(C=[O,S,N]):{1}]"
_AMINE = "[NX3;H2,H1;!$(N[C,S]=[O,S]):{0}][#6:{1}]"
_ISOCYANATE = "[#6:{0}][NX2:{1}]=[CX2:{2}]=[OX1:{3}]"
_PHENOL = "[OX2H1:{0}][c:{1}]"
_ANHYDRIDE = "[#6:{0}]~1[CX3:{1}](=[O:{2}])[OX2][CX3:{3}](=[O:{4}])[#6:{5}]~1"

RULES: dict[str, str] = {
    # one monomer
    "vinyl": "[CX3;!R;$([CX3;H2,H1,H0]):1]=[CX3;H2:2]>>*[C:1]-[C:2]*",
    "lactone": "[C;R:1](=[O:2])[O;R:3][C;R:4]>>([C:1](=[O:2])*.[C:4][O:3]*)",
    "lactam": "[C;R:1](=[O:2])[N;R:3][C;R:4]>>([C:1](=[O:2])*.[C:4][N:3]*)",
    "epoxide": "[C:1]1[O:2][C:3]1>>*[C:1][C:3][O:2]*",
    "hydroxy-acid": (
        f"({_ACID.format(1, 2)}.{_ALCOHOL.format(3, 4)})>>([C:1](=[O:2])*.[#6:4][O:3]*)"
    ),
    "amino-acid": f"({_ACID.format(1, 2)}.{_AMINE.format(3, 4)})>>([C:1](=[O:2])*.[#6:4][N:3]*)",
    # two
    "polyester": (
        f"({_ACID.format(1, 2)}.{_ACID.format(3, 4)}).({_ALCOHOL.format(5, 6)}."
        f"{_ALCOHOL.format(7, 8)})>>(*[C:1](=[O:2]).[C:3](=[O:4])[O:5][#6:6].[#6:8][O:7]*)"
    ),
    "polyamide": (
        f"({_ACID.format(1, 2)}.{_ACID.format(3, 4)}).({_AMINE.format(5, 6)}."
        f"{_AMINE.format(7, 8)})>>(*[C:1](=[O:2]).[C:3](=[O:4])[N:5][#6:6].[#6:8][N:7]*)"
    ),
    "polyurethane": (
        f"({_ISOCYANATE.format(1, 2, 3, 4)}.{_ISOCYANATE.format(5, 6, 7, 8)})."
        f"({_ALCOHOL.format(9, 10)}.{_ALCOHOL.format(11, 12)})"
        ">>([#6:1][N:2][C:3](=[O:4])*.[#6:5][N:6][C:7](=[O:8])[O:9][#6:10].[#6:12][O:11]*)"
    ),
    "polyurea": (
        f"({_ISOCYANATE.format(1, 2, 3, 4)}.{_ISOCYANATE.format(5, 6, 7, 8)})."
        f"({_AMINE.format(9, 10)}.{_AMINE.format(11, 12)})"
        ">>([#6:1][N:2][C:3](=[O:4])*.[#6:5][N:6][C:7](=[O:8])[N:9][#6:10].[#6:12][N:11]*)"
    ),
    "polyimide": (
        f"({_ANHYDRIDE.format(1, 2, 3, 4, 5, 6)}.{_ANHYDRIDE.format(7, 8, 9, 10, 11, 12)})."
        "([NX3;H2:13][#6:14].[NX3;H2:15][#6:16])"
        ">>([#6:1]~1[C:2](=[O:3])N(*)[C:4](=[O:5])[#6:6]~1."
        "[#6:7]~1[C:8](=[O:9])[N:13]([#6:14])[C:10](=[O:11])[#6:12]~1.[#6:16]*)"
    ),
    "polycarbonate": (
        f"({_PHENOL.format(1, 2)}.{_PHENOL.format(3, 4)})>>(*[O:1][c:2].[c:4][O:3]C(=O)*)"
    ),
}
"""Reaction (SMARTS) of each class of polymer: one or two monomers, a repeat unit with two ends."""


def repeat_units(
    monomers: Iterable[str], rules: Sequence[str] = (), most: int = 100_000
) -> Iterator[str]:
    """Repeat units that monomers can make, each once, as they are found.

    Parameters
    ----------
    monomers
        SMILES. Every monomer, and every two, are tried with every rule.
    rules
        Names of :data:`RULES`; by default all.
    most
        Stop after so many.

    Raises
    ------
    ConfigError
        If there is no such rule.
    MaterialError
        If a monomer cannot be read.

    Examples
    --------
    >>> list(repeat_units(["C=C", "C=CC#N"], ["vinyl"]))
    ['*C*', '*CC(*)C#N']
    >>> list(repeat_units(["OCCO", "O=C(O)c1ccc(cc1)C(=O)O"]))
    ['*C(=O)OCCOC(=O)c1ccc(*)cc1']
    """
    unknown = sorted(set(rules) - set(RULES))
    if unknown:
        raise ConfigError(f"rules: got {unknown[0]!r}, expected some of {', '.join(RULES)}")
    molecules = [_molecule(smiles) for smiles in dict.fromkeys(monomers)]
    # Aromatic anhydrides have no C=O of their own unless they are written with double bonds.
    kekulised = [_with_double_bonds(molecule) for molecule in molecules]
    seen: set[str] = set()
    for rule in rules or RULES:
        reaction = _reaction(rule)
        templates = reaction.GetReactants()
        written = kekulised if rule == "polyimide" else molecules
        fitting = [[m for m in written if m.HasSubstructMatch(t)] for t in templates]
        for chosen in product(*fitting):
            for key in sorted(_products(reaction, chosen)):
                if key not in seen:
                    if len(seen) >= most:
                        return
                    seen.add(key)
                    yield key


def _molecule(smiles: str) -> Any:
    from rdkit import Chem

    return Chem.MolFromSmiles(Molecule.parse(smiles).key)


def _with_double_bonds(molecule: Any) -> Any:
    from rdkit import Chem

    copy = Chem.Mol(molecule)
    Chem.Kekulize(copy, clearAromaticFlags=True)
    return copy


@cache
def _reaction(rule: str) -> Any:
    from rdkit.Chem.rdChemReactions import ReactionFromSmarts

    return ReactionFromSmarts(RULES[rule])


def _products(reaction: Any, monomers: Sequence[Any]) -> set[str]:
    """Keys of all repeat units that a reaction makes of monomers."""
    from rdkit import Chem

    found = set()
    for (made,) in reaction.RunReactants(tuple(monomers), 1_000):
        try:
            Chem.SanitizeMol(made)
            smiles = Chem.MolToSmiles(made)
            if "." not in smiles:
                found.add(Polymer.parse(smiles).key)
        except (ValueError, MaterialError):  # no valid molecule, or no repeat unit
            continue
    return found
