"""One material, one key: every molecule, repeat unit and formula at hand, drawn in other ways.

    python benchmarks/round_trips.py FOLDER [--limit N] [--drawings 3]

Reads all molecules of ``chemicals`` and, where FORESCALE_MIRROR is set, the repeat units, solutes,
solvents and formulas of the mirror's tables; draws each anew (atoms in another order, atom maps,
hydrogens and rings spelt out, charges separated; repeat units cut elsewhere, turned, doubled;
formulas in another order, multiplied, with decimals, with brackets), and compares keys. What is
done is kept in FOLDER, a file for every 200 materials, so that the same command goes on.
Prints the table of docs/what-is-read.md.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import _kit
import pandas as pd
from rdkit import Chem, rdBase

from forescale.errors import MaterialError
from forescale.materials import parse_material

PART = 200
FILES = {  # path in the mirror → kind, column (a number where the file has no header)
    "RadonPy/RadonPy/*/data/PI1070.csv": ("polymer", "smiles"),
    "sobinalosious/PolyGraphMT/*/data/raw/*.csv": ("polymer", "SMILES"),
    "WangGroupFDU/Openpoly_benchmark/*/data/final_*.csv": ("polymer", "PSMILES"),
    "su-group/SolvBERT/*/**/*.csv": ("mixture", "SMILES"),
    "anthony-wang/CrabNet/*/data/matbench/*_gap.csv": ("composition", 0),
    "anthony-wang/CrabNet/*/data/benchmark_data/OQMD_Bandgap/*.csv": ("composition", "formula"),
}


def handbook() -> list[str]:
    """SMILES of all compounds in the identifier tables of ``chemicals``."""
    spec = find_spec("chemicals")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "Identifiers"
    lines = (line for path in sorted(folder.glob("*.tsv")) for line in path.open(encoding="utf-8"))
    fields = (line.rstrip("\n").split("\t") for line in lines)
    return list(dict.fromkeys(row[4] for row in fields if len(row) > 4 and row[4]))


def mirrored(mirror: Path) -> dict[str, list[str]]:
    """Distinct texts of the mirror's tables, by kind."""
    found: dict[str, dict[str, None]] = {"polymer": {}, "molecule": {}, "composition": {}}
    for pattern, (kind, column) in FILES.items():
        for path in sorted(mirror.glob(pattern)):
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            names = [name for name in table if str(name).lower() == str(column).lower()]
            texts = table[names[0] if names else table.columns[0]]
            if kind == "mixture":
                pieces = {piece for text in texts for piece in text.split(".") if piece}
                found["molecule"] |= dict.fromkeys(sorted(pieces))
            else:
                found[kind] |= dict.fromkeys(texts)
    return {kind: list(texts) for kind, texts in found.items()}


# ------------------------------------------------------------------ drawings


def reordered(mol: Chem.Mol, rng: random.Random) -> Chem.Mol:
    """The same molecule with its atoms in another order."""
    order = list(range(mol.GetNumAtoms()))
    rng.shuffle(order)
    return Chem.RenumberAtoms(mol, order)


def mapped(mol: Chem.Mol, rng: random.Random) -> Chem.Mol:
    """With its atoms numbered."""
    mol = reordered(mol, rng)
    for number, atom in enumerate(mol.GetAtoms(), start=1):
        if atom.GetAtomicNum():
            atom.SetAtomMapNum(number)
    return mol


def written(mol: Chem.Mol, **options: bool) -> str:
    """Its SMILES as the atoms come."""
    return str(Chem.MolToSmiles(mol, canonical=False, **options))


SEPARATED = [  # double bonds of sulfur, phosphorus and those below, and azides, as charges
    Chem.MolFromSmarts("[S,Se,P,As;+0;!a]=[O,S,Se;X1;+0]"),
    Chem.MolFromSmarts("[P;+0]=[C;+0]"),
]


def charge_separated(mol: Chem.Mol, rng: random.Random) -> str | None:
    """With some of its double bonds drawn as charges; None where there are none."""
    drawn = Chem.RWMol(mol)
    places = [pair for query in SEPARATED for pair in mol.GetSubstructMatches(query)]
    if not places:
        return None
    for first, second in rng.sample(places, rng.randint(1, len(places))):
        drawn.GetBondBetweenAtoms(first, second).SetBondType(Chem.BondType.SINGLE)
        for index, charge in ((first, 1), (second, -1)):
            atom: Any = drawn.GetAtomWithIdx(index)
            atom.SetNumExplicitHs(atom.GetTotalNumHs())
            atom.SetNoImplicit(True)
            atom.SetFormalCharge(atom.GetFormalCharge() + charge)
    return written(reordered(drawn.GetMol(), rng))


def of_molecule(text: str, rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Kinds of drawings of a molecule or repeat unit, and the drawings."""
    mol = Chem.MolFromSmiles(text)
    if not mol:
        return
    for _ in range(count):
        yield "atom order", written(reordered(mol, rng))
    yield "atom maps", written(mapped(mol, rng))
    yield "hydrogens", written(reordered(Chem.AddHs(mol), rng))
    yield "Kekulé rings", written(reordered(mol, rng), kekuleSmiles=True)
    if (separated := charge_separated(mol, rng)) is not None:
        yield "charges", separated


def of_polymer(text: str, rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """The same of a repeat unit, and its chain cut elsewhere, doubled."""
    yield from of_molecule(text, rng, count)
    mol = Chem.MolFromSmiles(text)
    if mol is None or sum(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()) != 2:
        return
    if "/" in text or "\\" in text or "@" in text:
        return  # marks around the bond that is made would be lost, here
    yield "doubled", written(joined(mol, mol))
    if (cut := cut_elsewhere(mol, rng)) is not None:
        yield "cut elsewhere", written(cut)


def open_ends(mol: Chem.Mol) -> list[int]:
    """Open ends, in the order of atoms."""
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def joined(one: Chem.Mol, other: Chem.Mol) -> Chem.Mol:
    """Tail of the one to the head of the other."""
    both = Chem.CombineMols(one, other)
    return bridged(both, open_ends(one)[1], open_ends(other)[0] + one.GetNumAtoms())


def bridged(mol: Chem.Mol, tail: int, head: int) -> Chem.Mol:
    """A bond between the atoms beside two open ends, which go."""
    drawn = Chem.RWMol(mol)
    (left,), (right,) = (drawn.GetAtomWithIdx(end).GetNeighbors() for end in (tail, head))
    order = drawn.GetAtomWithIdx(tail).GetBonds()[0].GetBondType()
    drawn.AddBond(left.GetIdx(), right.GetIdx(), order)
    for end in sorted((tail, head), reverse=True):
        drawn.RemoveAtom(end)
    found = drawn.GetMol()
    Chem.SanitizeMol(found)
    return found


def cut_elsewhere(mol: Chem.Mol, rng: random.Random) -> Chem.Mol | None:
    """The chain cut at another acyclic single bond of its backbone, if it has any."""
    first, last = open_ends(mol)
    path = Chem.GetShortestPath(mol, first, last)[1:-1]
    bonds = [mol.GetBondBetweenAtoms(a, b) for a, b in pairwise(path)]
    bonds = [b for b in bonds if b.GetBondType() == Chem.BondType.SINGLE and not b.IsInRing()]
    if not bonds:
        return None
    opened = Chem.FragmentOnBonds(mol, [rng.choice(bonds).GetIdx()], dummyLabels=[(0, 0)])
    return bridged(opened, first, last)


def of_formula(text: str, rng: random.Random, _: int) -> Iterator[tuple[str, str]]:
    """A formula in another order, multiplied, divided, in brackets."""
    amounts = [(s, n) for s, n in parse_material("composition", text).amounts.items()]  # type: ignore[attr-defined]
    rng.shuffle(amounts)
    yield "order", "".join(f"{s}{n}" for s, n in amounts)
    times = rng.randint(2, 9)
    yield "multiplied", "".join(f"{s}{n * times}" for s, n in amounts)
    yield "decimals", " ".join(f"{s}{Decimal(n) / 10}" for s, n in amounts)
    yield "brackets", f"({''.join(f'{s}{n}' for s, n in amounts)}){times}"
    yield "subscripts", text.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


DRAWINGS: dict[str, Callable[[str, random.Random, int], Iterator[tuple[str, str]]]] = {
    "molecule": of_molecule,
    "polymer": of_polymer,
    "composition": of_formula,
}


# ------------------------------------------------------------------ comparing


def tried(kind: str, texts: list[str], seed: str, count: int) -> dict[str, object]:
    """Counts of drawings by sort, and those that led to another key."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    other: list[list[str]] = []
    for text in texts:
        try:
            key = parse_material(kind, text).key
        except MaterialError:
            counts["refused"] += 1
            continue
        counts["materials"] += 1
        for sort, drawing in (("key of the key", key), *DRAWINGS[kind](text, rng, count)):
            try:
                again = parse_material(kind, drawing).key
            except MaterialError as error:
                again = f"refused: {error}"
            counts[sort] += 1
            if again != key:
                other.append([sort, text, drawing, key, again])
    return {"counts": counts, "other": other}


def main(argv: Sequence[str] | None = None) -> None:
    """Try what is not done yet, and print the table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="of materials of each kind")
    parser.add_argument("--drawings", type=int, default=3, help="random orders of atoms")
    quick = {"folder": Path("trips"), "limit": 20, "drawings": 1}
    asked = _kit.parse(parser, argv, smoke=quick)
    rdBase.DisableLog("rdApp.*")
    tables: dict[str, list[str]] = {"molecule": [], "polymer": [], "composition": []}
    if (mirror := os.environ.get("FORESCALE_MIRROR")) and not asked.smoke:
        tables = mirrored(Path(mirror))
    tables["molecule"] = list(dict.fromkeys([*handbook(), *tables["molecule"]]))
    asked.folder.mkdir(parents=True, exist_ok=True)
    table = _kit.Table("kind", "materials", "refused", "drawings", "with another key")
    for kind, texts in tables.items():
        random.Random(0).shuffle(texts)
        counts, other = Counter[str](), list[list[str]]()
        for start in range(0, min(len(texts), asked.limit or len(texts)), PART):
            path = asked.folder / f"{kind}-{start // PART:05d}.json"
            if not path.exists():
                part = texts[start : min(start + PART, asked.limit or len(texts))]
                found = tried(kind, part, f"{kind}/{start}", asked.drawings)
                path.with_suffix(".new").write_text(json.dumps(found))
                path.with_suffix(".new").rename(path)
            done = json.loads(path.read_text())
            counts.update(done["counts"])
            other += done["other"]
        materials, refused = counts.pop("materials", 0), counts.pop("refused", 0)
        changed = len({row[1] for row in other})
        table.row(kind, f"{materials:,}", f"{refused:,}", f"{counts.total():,}", changed)
        print(f"{kind}: {dict(counts)}; {dict(Counter(r[0] for r in other))}", file=sys.stderr)
        for row in other[:40]:
            print("  " + " | ".join(row), file=sys.stderr)


if __name__ == "__main__":
    main()
