"""Properties of the elements, read from the tables of mendeleev.

An element without a value gets one by linear interpolation along the Pettifor scale (doi
10.1016/0038-1098(84)90765-8), which orders the elements by chemical likeness: halogens,
lanthanides, noble gases stand together. Without that rule one compound of promethium would
take a property away from all others. Properties that more than a third of the elements
up to lawrencium lack are not used at all.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from forescale._imports import optional

Floats = NDArray[np.float64]

COUNT = 118
_SHELLS = "spdf"
_CAPACITY = np.array([2.0, 6.0, 10.0, 14.0])
_ORBITAL = re.compile(r"\d([spdf])(\d*)")

_STORED = {  # column of mendeleev's table of elements, its unit and citation there
    "period": ("", "periodic table"),
    "mendeleev_number": ("", "Pettifor 1984, Villars 2004"),
    "pettifor_number": ("", "Pettifor 1984"),
    "glawe_number": ("", "Glawe 2016"),
    "atomic_weight": ("Da", "IUPAC"),
    "atomic_radius_rahm": ("pm", "Rahm 2016"),
    "covalent_radius_cordero": ("pm", "Cordero 2008"),
    "covalent_radius_pyykko": ("pm", "Pyykko 2009"),
    "vdw_radius": ("pm", "Haynes 2014"),
    "vdw_radius_alvarez": ("pm", "Alvarez 2013"),
    "vdw_radius_uff": ("pm", "Rappe 1992"),
    "density": ("g/cm^3", "Haynes 2014"),
    "dipole_polarizability": ("bohr^3", "Schwerdtfeger 2023"),
    "electron_affinity": ("eV", "Haynes 2014, Andersen 2004"),
    "en_pauling": ("", "Haynes 2014"),
    "en_allen": ("eV", "Mann 2000"),
    "en_ghosh": ("1/pm", "Ghosh 2005"),
    "en_gunnarsson_lundqvist": ("eV", "Gunnarsson and Lundqvist 1979"),
    "en_robles_bartolotti": ("eV", "Robles and Bartolotti 1984"),
    "en_miedema": ("V", "de Boer 1988"),
    "miedema_molar_volume": ("cm^3", "de Boer 1988"),
    "miedema_electron_density": ("", "de Boer 1988"),
    "heat_of_formation": ("kJ/mol", "Haynes 2014"),
    "molar_heat_capacity": ("J/mol/K", "Haynes 2014"),
}
_DERIVED = {
    "valence_electrons": ("", "group of the periodic table; 3 for lanthanides and actinides"),
    "electrons_s": ("", "outer electrons of the ground state"),
    "electrons_p": ("", "outer electrons of the ground state"),
    "electrons_d": ("", "outer electrons of the ground state"),
    "electrons_f": ("", "outer electrons of the ground state"),
    "electrons_outer": ("", "outer electrons of the ground state"),
    "vacancies_s": ("", "2 less electrons_s"),
    "vacancies_p": ("", "6 less electrons_p"),
    "vacancies_d": ("", "10 less electrons_d"),
    "vacancies_f": ("", "14 less electrons_f"),
    "ionization_energy_1": ("eV", "NIST"),
    "ionization_energy_2": ("eV", "NIST"),
    "ionization_energy_3": ("eV", "NIST"),
    "melting_point": ("K", "Haynes 2016, mean over allotropes"),
    "boiling_point": ("K", "Haynes 2016, mean over allotropes"),
    "oxidation_state_min": ("", "main oxidation states"),
    "oxidation_state_max": ("", "main oxidation states"),
    "oxidation_state_mean": ("", "main oxidation states"),
    "oxidation_states": ("", "number of main oxidation states"),
    "en_martynov_batsanov": ("eV^0.5", "root mean ionisation energy of valence electrons"),
    "en_mulliken": ("eV", "mean of ionisation energy and electron affinity"),
}


@dataclass(frozen=True)
class ElementProperty:
    """A property of the elements: its name, its unit and where its values come from."""

    name: str
    unit: str
    source: str


PROPERTIES = tuple(
    ElementProperty(name, unit, f"mendeleev: {source}")
    for name, (unit, source) in {**_STORED, **_DERIVED}.items()
)


def tables_version() -> str:
    """Version of mendeleev, ``none`` where it is not installed."""
    try:
        return version("mendeleev")
    except PackageNotFoundError:
        return "none"


@cache
def numbers() -> dict[str, int]:
    """Row of each element's symbol in the tables: its atomic number less one."""
    table = Chem.GetPeriodicTable()
    return {table.GetElementSymbol(number): number - 1 for number in range(1, COUNT + 1)}


@cache
def element_table() -> Floats:
    """Values of all properties, gaps filled, shape (elements, properties).

    Raises
    ------
    MissingDependencyError
        If mendeleev is not installed.
    """
    raw = raw_table()
    order = np.argsort(_column(_elements(), "pettifor_number"), kind="stable")  # NaN come last
    filled = raw.copy()
    for values in filled.T:
        along = values[order]
        known = np.isfinite(along)
        gaps = np.flatnonzero(~known)
        along[gaps] = np.interp(gaps, np.flatnonzero(known), along[known])
        values[order] = along
    return filled


def raw_table() -> Floats:
    """Values as the library has them, NaN where it has none, shape (elements, properties)."""
    elements = _elements()
    columns = {name: _column(elements, name) for name in _STORED}
    columns |= _electrons(elements)
    columns |= _ionization(columns["valence_electrons"], columns["electron_affinity"])
    phases = _fetch("phasetransitions").groupby("atomic_number").mean(numeric_only=True)
    columns |= {name: _by_number(phases, name) for name in ("melting_point", "boiling_point")}
    states = _fetch("oxidationstates").query("category == 'main'").groupby("atomic_number")
    found = states["oxidation_state"].agg(["min", "max", "mean", "size"])
    columns |= {f"oxidation_state_{part}": _by_number(found, part) for part in found.columns[:3]}
    columns["oxidation_states"] = _by_number(found, "size")
    return np.column_stack([columns[known.name] for known in PROPERTIES])


def _electrons(elements: Any) -> dict[str, Floats]:
    """Valence electrons by group, outer electrons and vacancies by shell."""
    group = _column(elements, "group_id")
    valence = np.where(group <= 12, group, group - 10)
    valence[np.isnan(group)] = 3.0
    valence[1] = 2.0  # helium
    outer = np.zeros((COUNT, len(_SHELLS)))
    for row, text in enumerate(elements["electronic_configuration"]):
        for shell, number in _ORBITAL.findall(text.split("]")[-1]):
            outer[row, _SHELLS.index(shell)] += int(number or 1)
    columns = {"valence_electrons": valence, "electrons_outer": outer.sum(axis=1)}
    for place, shell in enumerate(_SHELLS):
        columns[f"electrons_{shell}"] = outer[:, place]
        columns[f"vacancies_{shell}"] = _CAPACITY[place] - outer[:, place]
    return columns


def _ionization(valence: Floats, affinity: Floats) -> dict[str, Floats]:
    """First three ionisation energies, and the electronegativities made of such energies."""
    table = _fetch("ionizationenergies")
    table = table[table["ion_charge"] < 12].drop_duplicates(["atomic_number", "ion_charge"])
    wide = table.pivot(index="atomic_number", columns="ion_charge", values="ionization_energy")
    energy = wide.reindex(index=range(1, COUNT + 1), columns=range(12)).to_numpy(dtype=float)
    means = [np.mean(row[: int(n)]) for row, n in zip(energy, valence, strict=True)]
    return {
        **{f"ionization_energy_{n}": energy[:, n - 1] for n in (1, 2, 3)},
        "en_martynov_batsanov": np.sqrt(means),
        "en_mulliken": (energy[:, 0] + affinity) / 2,
    }


@cache
def _fetch(name: str) -> Any:
    fetching = optional("mendeleev.fetch", "inorganic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, on pandas and SQLAlchemy
        return fetching.fetch_table(name)


def _elements() -> Any:
    return _fetch("elements").set_index("atomic_number").reindex(range(1, COUNT + 1))


def _column(table: Any, name: str) -> Floats:
    return np.array(table[name], dtype=float)


def _by_number(table: Any, name: str) -> Floats:
    return np.array(table[name].reindex(range(1, COUNT + 1)), dtype=float)
