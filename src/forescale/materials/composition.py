"""A chemical composition: which elements, in which proportions.

The proportions are what counts, not how the formula is written. The key is the reduced
formula of the OPTIMADE specification (``chemical_formula_reduced``): elements in
alphabetical order, whole numbers without a common divisor, no ``1``. Every amount that a
formula can state is a rational number, so that whole numbers always exist.

No library is used for parsing: those at hand (``chemicals``, ``chemparse``) read over
what they do not understand, where a table's user must be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import gcd, lcm

from rdkit import Chem

from forescale.errors import MaterialError
from forescale.materials._misspelt import misspelt
from forescale.materials._spreadsheets import number_for_material
from forescale.materials._stops import separated

MAX_LENGTH = 500
"""Longest formula accepted, in characters."""

_FINEST = 1_000_000
"""Proportions that need more atoms than twice this are rounded to one atom in as many."""

_ISOTOPES = {"D": "H", "T": "H"}
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SEPARATORS = str.maketrans(dict.fromkeys("•⋅∙*", "·"))
_NUMBER = re.compile(r"\d+(?:\.\d*)?")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_PLAIN = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_PLAIN_PART = re.compile(r"([A-Z][a-z]?)(\d*)")
_BROKEN_BY_SPACE = re.compile(r"\s(?=[a-z])|(?<=[\d.])\s+(?=[\d.])")
_CHARGE = re.compile(r"[\^⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]|\d*[+\-−–]\d*$")
_OXIDATION_STATE = re.compile(
    r"[(\[{](?:III?|(?:IV|VI{1,3})(?=[)\]}](?:\D|\d+[A-Z(\[{]|$)))[)\]}]"
    r"|(?<=[A-Za-z])\d*[(\[{][IV][)\]}]"  # iodine or vanadium alone needs no bracket
)
_Amounts = dict[str, Fraction]
_APART = re.compile(  # every symbol and number by itself: Al 2 (S O 4) 3
    r"(?:(?:[A-Z][a-z]?|\d+(?:\.\d+)?)(?:\s+|$|(?=[()\[\]{}]))|[()\[\]{}]\s*)+"
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Composition:
    """A composition given by a chemical formula.

    Brackets of all kinds, nested; decimals; spaces; subscripts; further formula units
    after ``·`` or ``*``, and molecules of crystallisation (water, ammonia, …) after a full
    stop too; any other full stop between digits is a decimal point, and one that might be
    either is refused. Deuterium and tritium are hydrogen. Ions, oxidation states, unknown
    amounts (``x``) and alternatives (``(La,Sr)``) are refused: they have no one composition.

    Parameters
    ----------
    key
        Reduced formula, elements in alphabetical order.

    Examples
    --------
    >>> {Composition.parse(text).key for text in ("Fe2O3", "O3Fe2", "Fe4O6", "FeO1.5")}
    {'Fe2O3'}
    >>> Composition.parse("CuSO4·5H2O").amounts
    {'Cu': 1, 'H': 10, 'O': 9, 'S': 1}
    >>> Composition.parse("NaN").key
    'NNa'
    """

    key: str

    @classmethod
    def parse(cls, formula: str) -> Composition:
        """Parse a formula; raises :class:`MaterialError` for anything without a composition."""
        if not isinstance(formula, str) or not formula.strip():
            raise MaterialError(f"got {formula!r}, expected a chemical formula such as 'Fe2O3'")
        if len(formula) > MAX_LENGTH:
            raise MaterialError(
                f"got a formula of {len(formula)} characters, expected at most {MAX_LENGTH}"
            )
        if meant := misspelt(formula.strip()):
            raise MaterialError(f"got {formula!r}, {meant}")
        plain = _plain(formula)
        return cls(_written(_whole(_Reader(formula).read(), formula) if plain is None else plain))

    @classmethod
    def from_amounts(cls, amounts: Mapping[str, float]) -> Composition:
        """The composition with these amounts of elements.

        >>> Composition.from_amounts({"O": 1.5, "Fe": 1}).key
        'Fe2O3'
        """
        exact: dict[str, Fraction] = {}
        for symbol, amount in amounts.items():
            if symbol not in elements() or not 0 <= amount < float("inf"):
                raise MaterialError(
                    f"got {amount!r} of {symbol!r}, expected amounts of zero or more of elements"
                )
            # the shortest decimal that is this number, as a person would write it
            exact[symbol] = Fraction(Decimal(repr(float(amount))))
        return cls(_written(_whole(exact, dict(amounts))))

    @property
    def amounts(self) -> dict[str, int]:
        """Whole numbers of atoms in the reduced formula, by element in alphabetical order."""
        return _amounts(self.key)


def chemical_system(key: str) -> str:
    """The elements of a composition's key, as databases write them.

    >>> chemical_system("Fe2O3")
    'Fe-O'
    """
    return "-".join(_amounts(key))


@cache
def elements() -> frozenset[str]:
    """Symbols of the elements 1 to 118, from RDKit's periodic table."""
    table = Chem.GetPeriodicTable()
    return frozenset(table.GetElementSymbol(number) for number in range(1, 119))


def _amounts(key: str) -> dict[str, int]:
    return {symbol: int(number or 1) for symbol, number in _PLAIN_PART.findall(key)}


def _plain(formula: str) -> dict[str, int] | None:
    """Amounts of a formula of symbols and whole numbers: nearly all there are."""
    if not _PLAIN.fullmatch(formula):
        return None
    known, amounts = elements(), dict[str, int]()
    for symbol, number in _PLAIN_PART.findall(formula):
        if symbol not in known:
            return None  # the reader says why
        amounts[symbol] = amounts.get(symbol, 0) + int(number or 1)
    amounts = _reduced(amounts)
    return amounts if 0 < sum(amounts.values()) <= 2 * _FINEST else None


def _reduced(amounts: Mapping[str, int]) -> dict[str, int]:
    divisor = gcd(*amounts.values()) or 1
    return {symbol: amount // divisor for symbol, amount in amounts.items() if amount}


def _whole(amounts: Mapping[str, Fraction], given: object) -> dict[str, int]:
    """Whole numbers in proportion, rounded where they would exceed one in a million."""
    factor = lcm(*(amount.denominator for amount in amounts.values()))
    exact = _reduced({symbol: int(amount * factor) for symbol, amount in amounts.items()})
    if not exact:
        raise MaterialError(f"got {given!r}, in which every amount is zero")
    if (total := sum(exact.values())) <= 2 * _FINEST:
        return exact
    shares = {symbol: Fraction(amount, total) for symbol, amount in exact.items()}
    if min(shares.values()) * _FINEST < 1:
        raise MaterialError(
            f"got {given!r}, with less than one atom in a million of an element, "
            "expected a composition: leave impurities out"
        )
    # 0.3333333 means one third, if all amounts are near to simple fractions
    simple = {symbol: share.limit_denominator(1_000) for symbol, share in shares.items()}
    common = lcm(*(share.denominator for share in simple.values()))
    near = all(abs(simple[s] - share) * _FINEST <= 1 for s, share in shares.items())
    if near and common <= _FINEST and sum(simple.values()) == 1:
        return _reduced({symbol: int(share * common) for symbol, share in simple.items()})
    return _reduced({symbol: round(share * _FINEST) for symbol, share in shares.items()})


def _written(amounts: Mapping[str, int]) -> str:
    return "".join(f"{s}{n}" if n > 1 else s for s, n in sorted(amounts.items()))


def _two_formulas(text: str) -> bool:
    """Whether spaces set apart parts with several elements: ``TiO2 P25``, ``NaCl 2``."""
    if re.search(r"(?<=[A-Za-z)\]}])\s+\d", text) and not _APART.fullmatch(text):
        return True
    bare = re.sub(r"[(\[{][^()\[\]{}]*[)\]}]\s*[\d.]*", "", text)
    for unit in re.split(r"\s*[·.](?=\s*\d+\s*[A-Z])\s*|·", bare):
        parts = re.sub(r"(?<=[A-Za-z)])\s+(?=[\d.])|(?<=^\d)\s+", "", unit.strip()).split()
        parts = [part for part in parts if _SYMBOL.search(part)]
        if len(parts) > 1 and any(len(_SYMBOL.findall(part)) > 1 for part in parts):
            return True
    return False


class _Reader:
    """Reads one formula from left to right, with a stack of open brackets."""

    def __init__(self, formula: str) -> None:
        self.formula = formula
        self.text = self._tidy(formula)
        self.place = 0

    def _error(self, reason: str) -> MaterialError:
        return MaterialError(f"got {self.formula!r}, {reason}")

    def _tidy(self, formula: str) -> str:
        """Without spaces, with one sign for further units; what is no formula is refused."""
        text = formula.strip().translate(_SUBSCRIPTS).translate(_SEPARATORS)
        if _BROKEN_BY_SPACE.search(text):
            raise self._error("with a space inside a symbol or number, expected one formula")
        if _two_formulas(text):
            raise self._error(
                "with a space between parts that are formulas by themselves, expected one formula; "
                "leave the space out, write '·', or set every element apart"
            )
        text = "".join(text.split())
        if made := number_for_material(formula):
            raise self._error(made)
        if found := _CHARGE.search(text):
            raise self._error(
                f"whose {found[0]!r} looks like a charge; expected a neutral formula, or leave "
                "the charge out if only the proportions of elements are meant"
            )
        if found := _OXIDATION_STATE.search(text):
            raise self._error(f"whose {found[0]!r} looks like an oxidation state; leave it out")
        text, doubt = separated(text)
        if doubt is not None:
            raise self._error(doubt)
        return text

    def read(self) -> _Amounts:
        """Amount of each element."""
        total: _Amounts = {}
        for unit in self.text.split("·"):
            factor = _NUMBER.match(unit)
            self.place = factor.end() if factor else 0
            amounts = self._unit(unit)
            for symbol, amount in amounts.items():
                _add(total, symbol, amount * _fraction(factor))
        return total

    def _unit(self, unit: str) -> _Amounts:
        """Amounts of one formula unit, from the present place on."""
        open_groups: list[tuple[str, _Amounts]] = [("", {})]
        if self.place == len(unit):
            raise self._error("with an empty formula unit, expected a chemical formula")
        while self.place < len(unit):
            mark = unit[self.place]
            if mark in _CLOSING:
                self.place += 1
                open_groups.append((_CLOSING[mark], {}))
            elif mark in _CLOSING.values():
                self.place += 1
                expected, group = open_groups.pop()
                if mark != expected:
                    raise self._error(f"whose {mark!r} closes no bracket of its kind")
                if not group:
                    raise self._error("with an empty pair of brackets")
                amount = self._amount(unit)
                for symbol, inside in group.items():
                    _add(open_groups[-1][1], symbol, inside * amount)
            else:
                symbol = self._symbol(unit)
                _add(open_groups[-1][1], symbol, self._amount(unit))
        if len(open_groups) > 1:
            raise self._error(f"with a bracket that is not closed, expected {open_groups[-1][0]!r}")
        return open_groups[0][1]

    def _symbol(self, unit: str) -> str:
        found = _SYMBOL.match(unit, self.place)
        if found is None:
            raise self._error(_why_not(unit[self.place]))
        symbol = _ISOTOPES.get(found[0], found[0])
        if symbol not in elements():
            raise self._error(
                f"whose {found[0]!r} is no element; symbols are one capital letter and at most "
                "one small one, as in 'NaCl'"
            )
        self.place = found.end()
        return symbol

    def _amount(self, unit: str) -> Fraction:
        found = _NUMBER.match(unit, self.place)
        if found is None and unit.startswith(".", self.place):
            raise self._error(
                "whose full stop may begin a decimal or a formula unit; write '0.5' or '·'"
            )
        self.place = found.end() if found else self.place
        return _fraction(found)


def _add(amounts: _Amounts, symbol: str, amount: Fraction) -> None:
    amounts[symbol] = amounts.get(symbol, Fraction(0)) + amount


def _fraction(found: re.Match[str] | None) -> Fraction:
    return Fraction(found[0].rstrip(".")) if found else Fraction(1)


def _why_not(mark: str) -> str:
    if mark in "xyzδ":
        return f"which has the unknown amount {mark!r}, expected numbers"
    if mark == ",":
        return "which leaves amounts open (','), expected one amount for each element"
    if mark.islower():
        return (
            f"where {mark!r} begins no element; symbols begin with a capital letter, as in 'NaCl'"
        )
    return f"where {mark!r} is not expected; a formula has symbols, numbers, brackets and '·'"
