"""Properties of the elements: a table bundled from mendeleev, which cites each of them.

An element without a value gets one by linear interpolation along the Pettifor scale (doi
10.1016/0038-1098(84)90765-8), which orders the elements by chemical likeness: halogens,
lanthanides, noble gases stand together. Without that rule one compound of promethium would
take a property away from all others. Properties that more than a third of the elements
up to lawrencium lack are not used at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

Floats = NDArray[np.float64]

COUNT = 118
TABLE = Path(__file__).with_name("elements.csv")
"""Made by :mod:`forescale.descriptors._element_library`."""

STORED = {  # column of mendeleev's table of elements, its unit and citation there
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
    for name, (unit, source) in {**STORED, **_DERIVED}.items()
)


def tables_version() -> str:
    """Version of mendeleev that the bundled table is of."""
    with TABLE.open(encoding="utf-8") as lines:
        return str(lines.readline().split()[2])


@cache
def numbers() -> dict[str, int]:
    """Row of each element's symbol in the tables: its atomic number less one."""
    table = Chem.GetPeriodicTable()
    return {table.GetElementSymbol(number): number - 1 for number in range(1, COUNT + 1)}


@cache
def element_table() -> Floats:
    """Values of all properties, gaps filled, shape (elements, properties)."""
    raw = raw_table()
    pettifor = [known.name for known in PROPERTIES].index("pettifor_number")
    order = np.argsort(raw[:, pettifor], kind="stable")  # NaN come last
    filled = raw.copy()
    for values in filled.T:
        along = values[order]
        known = np.isfinite(along)
        gaps = np.flatnonzero(~known)
        along[gaps] = np.interp(gaps, np.flatnonzero(known), along[known])
        values[order] = along
    return filled


@cache
def raw_table() -> Floats:
    """Values as the library has them, NaN where it has none, shape (elements, properties)."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    names = lines[1].split(",")[1:]
    rows = [[float(cell or "nan") for cell in line.split(",")[1:]] for line in lines[2:]]
    return np.array(rows)[:, [names.index(known.name) for known in PROPERTIES]]
