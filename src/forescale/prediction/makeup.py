"""Which elements and sizes the measured materials have, so that what is unusual is told.

A distance is an average over hundreds of features: water, carbon disulfide or a molecule
with the only germanium of the table are near to something by it. They are unusual all the
same, since few measured materials say what their element or their size does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import Annotated

from annotated_types import Ge, Le

from forescale.materials import Composition
from forescale.materials.pair import sides_of
from forescale.prediction.record import Record
from forescale.words import count

_FEWEST, _MOST, _SHARE = 3, 20, 0.01
_ATOM = re.compile(r"\[\d*([A-Z][a-z]?|[a-z][a-z]?|\*)[^\]]*\]|(Br|Cl|[BCNOPSFI]|[bcnops])")
_Count = Annotated[int, Ge(0)]


class Element(Record):
    """How many measured materials have an element, and how much of it is still usual.

    Parameters
    ----------
    materials
        Measured materials with it.
    share
        Share of the heavy atoms (of a composition: of the atoms) that the few materials
        richest in it have at least; 0 where only a few have it at all.
    """

    materials: _Count
    share: Annotated[float, Ge(0), Le(1)]


class Makeup(Record):
    """Elements and sizes of the measured materials.

    Parameters
    ----------
    measured
        Materials.
    few
        So many of them are too few to learn a trait from: one in a hundred, 3 to 20.
    elements
        By symbol.
    smallest, largest
        Size that ``few`` materials are at or below, and at or above: heavy atoms of a
        molecule, a repeat unit or a pair's solute, elements of a composition.

    Examples
    --------
    >>> found = Makeup.of("molecule", ["CCO", "CCCO", "CCCCO", "CCCCCO", "CCl"])
    >>> found.unusual("molecule", "CCCO")
    >>> found.unusual("molecule", "CC[Se]C")
    'has Se, which none of the 5 measured materials has'
    """

    measured: _Count
    few: _Count
    elements: dict[str, Element]
    smallest: _Count
    largest: _Count

    @classmethod
    def of(cls, kind: str, keys: Sequence[str]) -> Makeup:
        """The makeup of measured materials given by canonical key."""
        few = min(_MOST, max(_FEWEST, ceil(_SHARE * len(keys))))
        shares: dict[str, list[float]] = {}
        sizes = []
        for key in keys:
            own, size = traits(kind, key)
            sizes.append(size)
            for symbol, share in own.items():
                shares.setdefault(symbol, []).append(share)
        sizes.sort()
        place = min(few, len(sizes)) - 1
        elements = {
            symbol: Element(
                materials=len(found),
                share=sorted(found)[-few] if len(found) >= few else 0.0,
            )
            for symbol, found in sorted(shares.items())
        }
        return cls(
            measured=len(keys),
            few=few,
            elements=elements,
            smallest=sizes[place] if sizes else 0,
            largest=sizes[-1 - place] if sizes else 0,
        )

    def unusual(self, kind: str, key: str) -> str | None:
        """Why few measured materials are like this one, None if many are."""
        own, size = traits(kind, key)
        reasons = [self._rare(symbol, share) for symbol, share in own.items()]
        what = "elements" if kind == "composition" else "heavy atoms"
        if size < self.smallest or size > self.largest:
            side = "few" if size < self.smallest else "many"
            reasons.append(
                f"has {size} {what}, as {side} as fewer than {self.few} of the "
                f"{count(self.measured)} measured materials"
            )
        return "; ".join(reason for reason in reasons if reason) or None

    def _rare(self, symbol: str, share: float) -> str | None:
        known = self.elements.get(symbol)
        if known is None:
            return f"has {symbol}, which none of the {count(self.measured)} measured materials has"
        if known.materials < self.few:
            return (
                f"has {symbol}, as do only {known.materials} of the {count(self.measured)} "
                "measured materials"
            )
        if symbol != "C" and share / 2 > known.share:
            return f"has more {symbol} ({share:.0%} of its atoms) than the measured materials"
        return None


@lru_cache(maxsize=200_000)
def traits(kind: str, key: str) -> tuple[dict[str, float], int]:
    """Share of each element among the heavy atoms, and the size, of a canonical key.

    >>> traits("polymer", "*CC(*)Cl")
    ({'C': 0.6666666666666666, 'Cl': 0.3333333333333333}, 3)
    """
    if kind == "composition":
        amounts = {symbol: float(n) for symbol, n in Composition(key).amounts.items()}
        total = sum(amounts.values())
        return {symbol: n / total for symbol, n in amounts.items()}, len(amounts)
    if kind == "pair":
        pair = sides_of(key)
        solute, size = traits("molecule", pair.solute)
        solvent, _ = traits("molecule", pair.solvent)
        names = dict.fromkeys([*solute, *solvent])
        return {name: max(solute.get(name, 0), solvent.get(name, 0)) for name in names}, size
    found = (inside or plain for inside, plain in _ATOM.findall(key))
    counts = Counter(symbol.capitalize() for symbol in found if symbol not in {"*", "H"})
    size = sum(counts.values())
    return {symbol: n / size for symbol, n in counts.items()}, size
