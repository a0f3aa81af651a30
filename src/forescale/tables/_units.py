"""Texts of units: tidied, bounded, and what stands between two of them."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

MAX_LENGTH = 80
"""Longest unit read, in characters."""

# "cm3" and "mol-1", as papers write them: digits that end a name are its exponent.
_PLAIN_EXPONENT = re.compile(r"(?<=[^\W\d_])(-?\d+)\b")
_STRAY = re.compile(r"[^\w\s*/^().+\-·⋅⁻°%]")  # pint reads over some characters
_DIMENSIONLESS = ("", "1", "dimensionless", "-", "--", "none", "unitless", "dimless")
_LOOK_ALIKES = str.maketrans({
    "℃": "°C", "℉": "°F", "Ω": "Ω", "μ": "µ", "∙": "*", "•": "*", "×": "*", "∗": "*", "∕": "/",
    "／": "/", "−": "-", "–": "-", "—": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
})  # fmt: skip
_EXPONENT = re.compile(
    r"(?:\*\*|\^)\s*(?:[+-]?\d{1,2}(?:\.\d{1,3})?|\([+-]?\d{1,2}(?:[./]\d{1,3})?\))"
)
_LOGARITHM = re.compile(
    r"(-?)\s*(log_?10|lg|ln|log_?2|log)\s*(?:\((.*)\)|\[(.*)\])", re.DOTALL | re.IGNORECASE
)
_BARE_LOGARITHM = re.compile(r"-?\s*(?:log_?(?:10|2)?|lg|ln)\b[\s_]*(.*)", re.DOTALL | re.I)
_BASES = {"log10": math.log(10), "lg": math.log(10), "ln": 1.0, "log2": math.log(2)}
_SHARE = re.compile(
    r"(?P<of>wt|weight|w|mass|m|molar|mole|mol|atomic|atom|at|volume|vol|v)?[.\s-]{0,2}"
    r"(?P<part>%|percent|per cent|pct|‰|ppm|ppb|ppt)"
    r"(?P<after>w|m|v)?(?:[ (]{0,2}(?P<pair>w/w|m/m|v/v)\)?)?",
)
_PARTS = {
    "%": 1e-2,
    "percent": 1e-2,
    "per cent": 1e-2,
    "pct": 1e-2,
    "‰": 1e-3,
    "ppm": 1e-6,
    "ppb": 1e-9,
    "ppt": 1e-12,
}
_OF = {
    "wt": "mass", "weight": "mass", "w": "mass", "mass": "mass", "m": "mass", "w/w": "mass",
    "m/m": "mass", "mol": "amount", "mole": "amount", "molar": "amount",
    "at": "atoms", "atom": "atoms", "atomic": "atoms",
    "vol": "volume", "volume": "volume", "v": "volume", "v/v": "volume",
}  # fmt: skip
_WRITTEN = (
    (re.compile(r"\s+per\s+"), "/"),
    (re.compile(r"\bf\.\s?u\.?|\bformula[ _-]?units?\b|\bfu\b", re.I), "formula_unit"),
    (re.compile(r"\bunit[ _-]?cells?\b|\bcells\b"), "cell"),
    (re.compile(r"\batoms\b|(?<=/)at\b\.?"), "atom"),
    (re.compile(r"\b(?:molecules|particles?)\b"), "molecule"),
    (re.compile(r"[º°]\s*(?=[CF]\b)|\bdeg(?:rees?)?[ _.]{0,2}(?=[CF]\b)|\bo(?=C\b)"), "deg"),
    (re.compile(r"(?:[º°]|\bdeg(?:rees?)?[ _.])[ _.]?K(?:elvin)?\b"), "K"),
    (re.compile(r"\b(?:[Cc]el[sc]ius|[Cc]entigrade)\b"), "degC"),
    (re.compile(r"(?:[µμ]|\bmu)_?B\b|\b[Bb]ohr[ _]?[Mm]agnetons?\b"), "bohr_magneton"),
    (re.compile(r"\b[Rr]yd\b"), "Ry"),
    (re.compile(r"\bHa\b"), "hartree"),
    (re.compile(r"\bea_?0\b"), "e*bohr"),
    (re.compile(r"Å|\u212b|\bA(?=\^?[23]\b)"), "angstrom"),
)
_FACTOR = re.compile(r"(?<![\w.+\-])(?!1\s*/)\d|\d{4}|^\s*x\s?10\b")
_NAMES = re.compile(r"\b[A-Z][a-z]{3,}\b")  # Hartree, Debye, Barrer, Kelvin
_ALONE = re.compile(r"(?<![\w°])([CF])(?!\w)")
_DEFINITIONS = (
    "atom = [atoms]",
    "formula_unit = [formula_units]",
    "cell = [cells]",
    "molecule = 1",
    "ppb = 1e-9",
    # 1e-10 cm³(STP)·cm/(cm²·s·cmHg), the molar volume at 0 °C and 1 atm being 22,413.97 cm³
    "barrer = 3.3463724e-16 mol/(m*s*Pa)",
    "gas_permeation_unit = 3.3463724e-10 mol/(m^2*s*Pa) = GPU",
)


@dataclass(frozen=True)
class Unit:
    """A unit that was read.

    Parameters
    ----------
    unit
        Of pint.
    logarithm
        Natural logarithm of the base, negative for ``-log10``; 0 where values are none.
    of
        What a share is a share of: mass, amount, atoms or volume; empty where that is unsaid.
    share
        What one is, of the pure number.
    """

    unit: Any
    logarithm: float = 0.0
    of: str = ""
    share: float = 1.0


@cache
def registry() -> Any:
    """Pint's registry with the units of this field."""
    import pint  # half a second, and only tables with units need it

    found: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for line in _DEFINITIONS:
        found.define(line)
    return found


def parse_unit(text: str) -> Unit:
    """Read a unit; raises ``ValueError`` with the reason for what is none."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it has {len(text)} characters, at most {MAX_LENGTH} are read")
    name = text.translate(_LOOK_ALIKES).strip()
    if found := _LOGARITHM.fullmatch(name):
        return _logarithm(found[1], found[2].lower().replace("_", ""), found[3] or found[4] or "")
    if found := _BARE_LOGARITHM.fullmatch(name):
        inner = found[1].strip("()[] ") or "S/m"
        raise ValueError(f'a logarithm is written with brackets: "log10({inner})"')
    if (found := _SHARE.fullmatch(name)) and name not in ("m", "w", "v"):
        kinds = {_OF[found[g]] for g in ("of", "after", "pair") if found[g]}
        if len(kinds) > 1:
            raise ValueError(f"a share of {' and of '.join(sorted(kinds))} at once")
        of = kinds.pop() if kinds else ""
        return Unit(registry().Unit("dimensionless"), of=of, share=_PARTS[found["part"]])
    return Unit(_linear("dimensionless" if name in _DIMENSIONLESS else name))


def _logarithm(sign: str, base: str, inner: str) -> Unit:
    if base == "log":
        raise ValueError(f'of which base? Say "log10({inner})" or "ln({inner})"')
    if _LOGARITHM.fullmatch(inner.strip()):
        raise ValueError("a logarithm of a logarithm")
    found = parse_unit(inner)
    if _has_offset(found.unit):
        raise ValueError(
            f'its zero is not that of kelvin: take the logarithm of kelvin, "{base}(K)"'
        )
    size = _BASES[base]
    return Unit(found.unit, -size if sign else size, found.of, found.share)


def _linear(name: str) -> Any:
    tidy = name
    for pattern, written in _WRITTEN:
        tidy = pattern.sub(written, tidy)
    _refuse_endless(tidy)
    _refuse_unclear(tidy)
    if found := _ALONE.search(tidy):
        _refuse_ambiguous(tidy, found)
    attempts: tuple[str, ...] = (tidy, _PLAIN_EXPONENT.sub(r"^\1", tidy))
    attempts += tuple(_NAMES.sub(lambda m: m[0].lower(), one) for one in attempts)
    for attempt in dict.fromkeys(attempts[1:]):
        if attempt != tidy:
            with suppress(ValueError):
                _parsed(tidy)
                break
            with suppress(ValueError):
                return _parsed(attempt)
    return _parsed(tidy)


def _parsed(name: str) -> Any:
    if stray := _STRAY.search(name):
        raise ValueError(f"{stray[0]!r} has no place in a unit")
    try:
        unit = registry().Unit(name)
        (unit / registry().Unit("m")).dimensionality  # noqa: B018  (decibels in products fail here)
        return unit
    except Exception as error:  # pint passes on whatever its parser stumbles over
        raise ValueError(_why_unknown(name) or str(error)[:120] or "it cannot be parsed") from None


_CASES = (
    "eV",
    "meV",
    "keV",
    "kJ",
    "kcal",
    "cal",
    "GPa",
    "MPa",
    "Hz",
    "THz",
    "mol",
    "K",
    "Pa",
    "kPa",
)


def _why_unknown(name: str) -> str | None:
    """Which unit is meant where only its case is another, or a product has no sign."""
    meant = {case.lower(): case for case in _CASES}
    for word in re.findall(r"[A-Za-z]+", name):
        if (right := meant.get(word.lower())) and right != word:
            return f"case counts: {right!r}, not {word!r}?"
    if found := re.search(r"\b([A-Za-z]+)(\d*)(K|mol|cm|m|s)(\d*)\b", name):
        return (
            f"{found[0]!r} is no unit; set units apart, and put brackets around what a stroke "
            'divides by, as in "W/(m*K)"'
        )
    return None


def _refuse_endless(name: str) -> None:
    """Powers of powers and large exponents: pint would compute them, for ever."""
    bare = _EXPONENT.sub(" ", name)
    if "**" in bare or "^" in bare:
        raise ValueError("its powers are not whole or simple numbers below 100")
    if re.search(r"\^[\s)]*\^", _EXPONENT.sub("^", name)):
        raise ValueError("it has a power of a power")
    if _FACTOR.search(bare):
        raise ValueError(
            "it has a number in it; a unit has no factor: multiply the values in the file, or name "
            'a unit of that size, such as "ppm/K" or "mg/g"'
        )


def _refuse_unclear(name: str) -> None:
    """What people mean by more than one unit, or write where a unit has no such sign."""
    if re.search(r"\ba\.\s?u\.?|\bau\b|\barb\b", name, re.IGNORECASE):
        raise ValueError(
            'atomic or arbitrary units? Say "hartree", "bohr" or "e*bohr"; or "none" where values '
            "compare with nothing else"
        )
    if re.search(r"\bgr\b", name):
        raise ValueError('gram or grain? Say "g" or "grain"')
    if found := re.search(r"(?<=[A-Za-z)])-(?=[A-Za-z(])", name):
        above, _, below = name.partition("/")
        say = (
            f"{above}/({below.strip('()').replace('-', '*')})" if below else name.replace("-", "*")
        )
        raise ValueError(f'is {found[0]!r} a product? Say "{say}"')


def _refuse_ambiguous(name: str, found: re.Match[str]) -> None:
    """C and F are coulomb and farad to pint, and degrees to whoever writes of temperatures."""
    before = name[: found.start()]
    if (
        name.strip() == found[1]
        or "/" in before
        or re.match(r"\s*(?:\^|\*\*)?-", name[found.end() :])
    ):
        one, other = ("coulomb", "degC") if found[1] == "C" else ("farad", "degF")
        raise ValueError(
            f'is {found[1]!r} {one} or degrees? Say "{name.replace(found[1], other)}" or '
            f'"{name.replace(found[1], one)}"'
        )


def why_not(given: Unit, wanted: Unit) -> str | None:
    """Why values in one unit cannot be converted to the other; None if they can."""
    if bool(given.logarithm) != bool(wanted.logarithm):
        return " (one is a logarithm and the other is not; take it of both, in the file)"
    if given.of != wanted.of:
        one, other = (
            f"a share of {u.of}" if u.of else "none of anything said" for u in (given, wanted)
        )
        return f" (one is {one}, the other {other})"
    if energy_moles(given, wanted):
        return None
    if given.unit.dimensionality != wanted.unit.dimensionality:
        counts = {"[atoms]", "[formula_units]", "[cells]", "[substance]"}
        differing = (given.unit / wanted.unit).dimensionality
        if differing and set(differing) <= counts:
            names = " and ".join(sorted(name.strip("[]").replace("_", " ") for name in differing))
            return f" (they are per different numbers of {names}; divide the values in the file)"
        return _hint(given, wanted)
    offsets = [_has_offset(one.unit) for one in (given, wanted)]
    if any(offsets):
        other = wanted.unit if offsets[0] else given.unit
        if any(str(name).startswith("delta_") for name in other._units):
            return " (one is a temperature and the other a difference of temperatures)"
    return None


def _hint(given: Unit, wanted: Unit) -> str:
    """What may have been meant by units of different dimensions."""
    names = {str(name) for one in (given, wanted) for name in one.unit._units}
    dimensions = [dict(one.unit.dimensionality) for one in (given, wanted)]
    if "ampere" in names and sum("[current]" in one for one in dimensions) == 1:
        return ' (A is ampere; write "Å" or "angstrom")'
    if "millikelvin" in names:
        return ' (mK is millikelvin; write "m*K")'
    return (
        " (they measure different things; brackets around what a stroke divides by, as in W/(m*K)?)"
    )


def _has_offset(unit: Any) -> bool:
    return dict(unit._units) in ({"degree_Celsius": 1}, {"degree_Fahrenheit": 1})


_DALTON = {"dalton", "kilodalton", "unified_atomic_mass_unit", "atomic_mass_constant"}
_ENERGY = {"[mass]": 1, "[length]": 2, "[time]": -2}


def energy_moles(given: Unit, wanted: Unit) -> int:
    """By how many moles an energy per particle and one per mole differ: -1, 0 or 1."""
    differing = dict((wanted.unit / given.unit).dimensionality)
    if set(differing) != {"[substance]"} or abs(differing["[substance]"]) != 1:
        return 0
    dimension = dict(given.unit.dimensionality)
    if any(_DALTON & set(map(str, one.unit._units)) for one in (given, wanted)):
        return int(differing["[substance]"])  # Da and g/mol
    if any(dimension.get(name, 0) != power for name, power in _ENERGY.items()):
        return 0
    return int(differing["[substance]"])
