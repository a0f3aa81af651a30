"""Compositions of a chemical system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import gcd

from forescale.errors import ConfigError
from forescale.materials import Composition


def compositions(
    elements: Sequence[str],
    largest: int = 4,
    fewest: int = 1,
    charges: Mapping[str, Sequence[int]] | None = None,
    most: int = 100_000,
) -> Iterator[str]:
    """Reduced formulas of a chemical system, each once: of few elements first, then of few atoms.

    Parameters
    ----------
    elements
        Their symbols.
    largest
        Most atoms of one element in a formula.
    fewest
        Fewest elements in a formula.
    charges
        Oxidation states that each element may have: only formulas that can be neutral with one
        state an element are given. By default all.
    most
        Stop after so many.

    Raises
    ------
    ConfigError
        If there are no elements, or charges of some are not told.

    Examples
    --------
    >>> list(compositions(["Na", "Cl"], largest=2))
    ['Na', 'Cl', 'ClNa', 'Cl2Na', 'ClNa2']
    >>> list(compositions(["Ti", "O"], fewest=2, charges={"Ti": [2, 4], "O": [-2]}))
    ['OTi', 'O2Ti']
    """
    symbols = list(dict.fromkeys(elements))
    if not symbols or largest < 1:
        raise ConfigError("compositions: expected at least one element and largest of at least 1")
    untold = [symbol for symbol in symbols if charges is not None and symbol not in charges]
    if untold:
        raise ConfigError(f"charges: got none of {untold[0]}, expected some of every element")
    made = 0
    for count in range(fewest, len(symbols) + 1):
        for system in combinations(symbols, count):
            for amounts in sorted(product(range(1, largest + 1), repeat=count), key=_small):
                if gcd(*amounts) != 1:
                    continue
                if charges is not None and not _neutral(system, amounts, charges):
                    continue
                if made >= most:
                    return
                made += 1
                parts = zip(system, amounts, strict=True)
                yield Composition.parse("".join(f"{s}{a}" for s, a in parts)).key


def _small(amounts: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return sum(amounts), amounts


def _neutral(
    system: Sequence[str], amounts: Sequence[int], charges: Mapping[str, Sequence[int]]
) -> bool:
    states = product(*(charges[symbol] for symbol in system))
    return any(sum(a * q for a, q in zip(amounts, one, strict=True)) == 0 for one in states)
