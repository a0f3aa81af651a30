"""Compositions along Pettifor's scale, on which elements that behave alike are near.

The scale is that of Pettifor 1984, doi 10.1016/0038-1098(84)90765-8; elements beyond
lawrencium, which it does not have, stand beside the lighter one of their group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forescale.descriptors._amounts import element_fractions
from forescale.descriptors._elements import COUNT, numbers

_ORDER = """
He Ne Ar Kr Xe Rn Og Fr Cs Rb K Na Li Ra Ba Sr Ca Yb Eu Y Sc Lu Tm Er Ho Dy Tb Gd Sm Pm Nd Pr Ce
La Lr No Md Fm Es Cf Bk Cm Am Pu Np U Pa Th Ac Zr Hf Rf Ti Nb Ta Db V Mo W Sg Cr Tc Re Bh Mn Fe Os
Hs Ru Co Ir Mt Rh Ni Pt Ds Pd Au Rg Ag Cu Mg Hg Cn Cd Zn Be Tl Nh In Al Ga Pb Fl Sn Ge Si B Bi Mc
Sb As P Po Lv Te Se S C At Ts I Br Cl N O F H
"""

SCALE = tuple(_ORDER.split())
"""Symbols of the elements in order."""


def cumulative_fractions(keys: Sequence[str]) -> NDArray[np.float32]:
    """Share of the atoms up to each place of the scale, shape (keys, elements).

    The sum of absolute differences of two rows is the earth mover's distance: how many
    places, on average, an atom of one has to move to become the other.

    Examples
    --------
    >>> apart = np.diff(cumulative_fractions(["NaCl", "NaBr", "MgO"]), axis=0)
    >>> np.abs(apart).sum(axis=1).round(1).tolist()
    [0.5, 36.5]
    """
    place = numbers()
    order = [place[symbol] for symbol in SCALE]
    assert len(set(order)) == COUNT
    return np.cumsum(element_fractions(keys)[:, order], axis=1).astype(np.float32)
