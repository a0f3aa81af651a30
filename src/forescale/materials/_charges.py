"""One way of drawing bonds between charges of opposite sign.

A sulfoxide is drawn ``CS(=O)C`` and ``C[S+]([O-])C``, nitromethane ``CN(=O)=O`` and
``C[N+](=O)[O-]``: one molecule each. RDKit unifies nitrogen's forms, and halogens' with
oxygen around; the rest is done here. Neighbouring charges cancel in a double bond at the
elements that can have one more (sulfur, phosphorus and those below them); halogens carry
charges, as RDKit draws perchloric acid. Nothing moves but electrons: no atom, no hydrogen.
"""

from __future__ import annotations

from rdkit import Chem

_EXPANDING = frozenset({15, 16, 33, 34, 51, 52})  # P S As Se Sb Te
_HALOGENS = frozenset({17, 35, 53})  # Cl Br I
_CONCERNED = Chem.MolFromSmarts("[+{1-},$([Cl,Br,I;v{2-}])]")  # positive, or a halogen between
_ONE_MORE = {
    Chem.BondType.SINGLE: Chem.BondType.DOUBLE,
    Chem.BondType.DOUBLE: Chem.BondType.TRIPLE,
}
_ONE_LESS = {to: of for of, to in _ONE_MORE.items()}


def unified(mol: Chem.Mol) -> Chem.Mol:
    """The sanitised molecule with its charges drawn in the one way, sanitised again if changed.

    >>> Chem.MolToSmiles(unified(Chem.MolFromSmiles("C[S+2](C)([O-])[O-]")))
    'CS(C)(=O)=O'
    >>> Chem.MolToSmiles(unified(Chem.MolFromSmiles("C[N-][N+]#N")))
    'CN=[N+]=[N-]'
    """
    if not mol.HasSubstructMatch(_CONCERNED):
        return mol
    drawn = Chem.RWMol(mol)
    Chem.Kekulize(drawn, clearAromaticFlags=True)
    changed = _spread(drawn)
    while _cancel(drawn) or _shift(drawn):
        changed = True
    if not changed:
        return mol
    found = drawn.GetMol()
    Chem.SanitizeMol(found)
    return found


def _spread(mol: Chem.RWMol) -> bool:
    """Double bonds of halogens to charges, as RDKit draws those of their acids."""
    changed = False
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() not in _HALOGENS:
            continue
        for bond in atom.GetBonds():
            while bond.GetBondType() in _ONE_LESS:
                bond.SetBondType(_ONE_LESS[bond.GetBondType()])
                _charge(atom, 1)
                _charge(bond.GetOtherAtom(atom), -1)
                changed = True
    return changed


def _cancel(mol: Chem.RWMol) -> bool:
    """One pair of neighbouring charges less, if there is one to cancel."""
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() not in _EXPANDING or atom.GetFormalCharge() <= 0:
            continue
        places = [
            (other.GetAtomicNum(), bond)
            for bond in atom.GetBonds()
            if (other := bond.GetOtherAtom(atom)).GetFormalCharge() < 0
            and other.GetAtomicNum() in _PARTNERS
            and bond.GetBondType() in _ONE_MORE
        ]
        for _, bond in sorted(places, key=lambda place: _PARTNERS.index(place[0])):
            bond.SetBondType(_ONE_MORE[bond.GetBondType()])
            _charge(atom, -1)
            _charge(bond.GetOtherAtom(atom), 1)
            return True
    return False


_PARTNERS = (8, 7, 6, 16, 34, 52, 15, 33)  # in the order in which they take the double bond


def _shift(mol: Chem.RWMol) -> bool:
    """``[X-]-[N+]#N`` as ``X=[N+]=[N-]``: azides, diazo compounds, nitrous oxide."""
    for bond in mol.GetBonds():
        if bond.GetBondType() != Chem.BondType.TRIPLE:
            continue
        for middle, end in (
            (bond.GetBeginAtom(), bond.GetEndAtom()),
            (bond.GetEndAtom(), bond.GetBeginAtom()),
        ):
            if (middle.GetAtomicNum(), end.GetAtomicNum()) != (7, 7):
                continue
            if middle.GetFormalCharge() != 1 or end.GetFormalCharge() != 0 or end.GetDegree() != 1:
                continue
            for single in middle.GetBonds():
                other = single.GetOtherAtom(middle)
                if other.GetFormalCharge() == -1 and other.GetAtomicNum() in (6, 7, 8):
                    single.SetBondType(Chem.BondType.DOUBLE)
                    bond.SetBondType(Chem.BondType.DOUBLE)
                    _charge(other, 1)
                    _charge(end, -1)
                    return True
    return False


def _charge(atom: Chem.Atom, change: int) -> None:
    atom.SetNumExplicitHs(atom.GetTotalNumHs())
    atom.SetNoImplicit(True)
    atom.SetFormalCharge(atom.GetFormalCharge() + change)
