"""Units in the names of columns: ``density (g/cm3)``, ``rho / g cm-3``, ``tb_K``."""

from __future__ import annotations

import re

from forescale.errors import ConfigError
from forescale.tables import same_dimension

_ENDINGS = {
    "g cm3": "g/cm^3", "gcm3": "g/cm^3", "g cc": "g/cm^3", "gcc": "g/cm^3", "g per cm3": "g/cm^3",
    "g ml": "g/mL", "gml": "g/mL", "kg m3": "kg/m^3", "kgm3": "kg/m^3", "kg per m3": "kg/m^3",
    "k": "K", "kelvin": "K", "c": "degC", "degc": "degC", "deg c": "degC", "celsius": "degC",
    "ev": "eV", "mev": "meV", "ev atom": "eV/atom", "ev per atom": "eV/atom", "hartree": "hartree",
    "kcal mol": "kcal/mol", "kcalmol": "kcal/mol", "kj mol": "kJ/mol", "kjmol": "kJ/mol",
    "kcal per mol": "kcal/mol", "kj per mol": "kJ/mol",
    "w mk": "W/(m*K)", "wmk": "W/(m*K)", "w m k": "W/(m*K)", "w per mk": "W/(m*K)",
    "j kgk": "J/(kg*K)", "j kg k": "J/(kg*K)", "j gk": "J/(g*K)", "j g k": "J/(g*K)",
    "j molk": "J/(mol*K)", "j mol k": "J/(mol*K)",
    "mpa": "MPa", "gpa": "GPa", "kpa": "kPa", "nm": "nm", "angstrom": "angstrom",
    "a3": "angstrom^3",
    "debye": "debye", "mpas": "mPa*s", "mpa s": "mPa*s", "cp": "cP", "s cm": "S/cm", "s m": "S/m",
    "barrer": "Barrer", "percent": "percent", "g mol": "g/mol", "cm3 mol": "cm^3/mol",
}  # fmt: skip
_BRACKETS = re.compile(r"^(.*?)\s*[(\[{]([^()\[\]{}]*(?:\([^()]*\)[^()\[\]{}]*)?)[)\]}]\s*$")
_AFTER = re.compile(r"^(.+?)(?:\s+/\s*|,\s+|\s+in\s+)(\S.*)$")


def unit_in_name(name: str) -> tuple[str, str | None]:
    """A column's name without its unit, and the unit; None where it names none.

    >>> unit_in_name("density (g/cm3)"), unit_in_name("rho / g cm-3"), unit_in_name("tb_degC")
    (('density', 'g/cm3'), ('rho', 'g cm-3'), ('tb', 'degC'))
    >>> unit_in_name("rho_md"), unit_in_name("n_D (-)"), unit_in_name("value (exp)")
    (('rho_md', None), ('n_D', ''), ('value (exp)', None))
    """
    for pattern in (_BRACKETS, _AFTER):
        if (found := pattern.match(name.strip())) and found[1].strip():
            unit = _tidy(found[2])
            if is_unit(unit):
                return found[1].strip(), unit
    parts = [part for part in re.split(r"[_\s.\-]+", name) if part]
    for start in range(1, len(parts)):
        ending = " ".join(parts[start:]).lower()
        if ending in _ENDINGS:
            return "_".join(parts[:start]), _ENDINGS[ending]
    return name, None


def is_unit(text: str) -> bool:
    """Whether a text is a unit that tables know."""
    try:
        return same_dimension(text, text)
    except ConfigError:
        return False


def _tidy(text: str) -> str:
    """A unit as it stands in a name; dashes alone are none."""
    unit = text.strip()
    return "" if unit in {"-", "–", "—", "1", "a.u. (none)"} else unit
