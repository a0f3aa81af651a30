"""The properties of the elements as mendeleev has them, from which the bundled table is made.

    python -m forescale.descriptors._element_library

writes ``elements.csv`` anew; needs the extra ``inorganic``. A new table is a new version of
the descriptor: the first line of the file names the library's version.
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from forescale._machine.files import write_text
from forescale._machine.imports import optional
from forescale.descriptors._elements import COUNT, PROPERTIES, STORED, TABLE, Floats, numbers

_SHELLS = "spdf"
_CAPACITY = np.array([2.0, 6.0, 10.0, 14.0])
_ORBITAL = re.compile(r"\d([spdf])(\d*)")


def library_table() -> Floats:
    """Values as the library has them, NaN where it has none, shape (elements, properties)."""
    elements = _elements()
    columns = {name: _column(elements, name) for name in STORED}
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


def write_table() -> None:
    """Write the bundled table."""
    names = [known.name for known in PROPERTIES]
    lines = [f"# mendeleev {version('mendeleev')} (MIT licence); empty where it has no value"]
    lines.append(",".join(["symbol", *names]))
    for symbol, row in zip(numbers(), library_table(), strict=True):
        values = ["" if np.isnan(value) else repr(float(value)) for value in row]
        lines.append(",".join([symbol, *values]))
    write_text(TABLE, "\n".join(lines) + "\n")


if __name__ == "__main__":
    write_table()
