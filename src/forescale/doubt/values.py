"""Values beyond what is credible, and values unlike those of a material's neighbours.

A factor of ten or a thousand, degrees Celsius among kelvins, a lost sign: such mistakes
give values far from those of similar materials, and the mistake undone brings them back.
Doubt is told with the rows; it never removes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.doubt.neighbours import Expected, expected_values
from forescale.errors import DataError
from forescale.tables import PropertyTable, convert, same_dimension
from forescale.tables.credible import credible_values

FAR = 12.0
"""Usual distances from what neighbours lead to expect, beyond which a value is doubted."""
FAR_IF_EXPLAINED = 7.0
"""The same where a usual mistake, undone, brings the value back among its neighbours'."""
NEAR = 3.0
SHOWN = 8


@dataclass(frozen=True)
class Doubt:
    """A value that can hardly be what it says.

    Parameters
    ----------
    key, material
        Canonical key, and the material as first given.
    rows
        Rows of the file that hold it, from 1; empty where a table has none.
    value, unit
        The value (of repeats: their mean).
    expected
        What similar materials lead one to expect, None where they are not compared.
    reason
        Why it is doubted, in words.
    side
        Of a study: the table it is in.
    dataset
        Name in the catalog of that table, where it is not the user's own.
    """

    key: str
    material: str
    rows: tuple[int, ...]
    value: float
    unit: str
    expected: float | None
    reason: str
    side: str = ""
    dataset: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "rows": list(self.rows)}


def doubts_of(table: PropertyTable, side: str = "", dataset: str = "") -> tuple[Doubt, ...]:
    """Doubtful values of a table, the most doubtful first.

    Examples
    --------
    >>> from forescale.tables import ColumnMap, Provenance, build_table
    >>> import pandas as pd
    >>> table = build_table(
    ...     pd.DataFrame({"unit": ["*CC*", "*CC(*)C"], "rho": [268.0, 0.9]}),
    ...     ColumnMap("unit", "rho"), name="rho", unit="g/cm^3", kind="measured",
    ...     material_kind="polymer", provenance=Provenance(),
    ... )
    >>> [(doubt.rows, doubt.reason) for doubt in doubts_of(table)]
    [((1,), 'outside 0.01 to 8 g/cm^3, the range of such a property')]
    """
    values = table.values
    if not len(values):
        return ()
    bounds = credible_values(table.name, table.unit, table.material_kind)
    low, high = bounds or (-np.inf, np.inf)
    outside = (values < low) | (values > high)
    expected = expected_values(table.material_kind, list(table.keys), values)
    far = np.zeros(len(values)) if expected is None else expected.distance(values)
    found: list[tuple[float, Doubt]] = []
    for place in np.flatnonzero(outside | (far > FAR_IF_EXPLAINED)).tolist():
        why = (
            f"outside {low:g} to {high:g} {table.unit}".rstrip() + ", the range of such a property"
        )
        reason = why if outside[place] else ""
        middle = None if expected is None else float(expected.middle[place])
        if expected is not None and far[place] > FAR_IF_EXPLAINED:
            mistake = _mistake(expected, place, values, table.unit)
            if mistake is None and far[place] <= FAR and not outside[place]:
                continue
            like = f"similar materials have about {middle:.4g} {table.unit}".rstrip()
            reason = "; ".join(part for part in (reason, like, mistake) if part)
        weight = float(np.inf if outside[place] else far[place])
        found.append((weight, _doubt(table, place, middle, reason, side)))
    ordered = sorted(found, key=lambda pair: -pair[0])
    return tuple(replace(doubt, dataset=dataset) for _, doubt in ordered)


def _doubt(
    table: PropertyTable, place: int, expected: float | None, reason: str, side: str
) -> Doubt:
    key = str(table.keys[place])
    rows = table.rows.index[table.rows == key] if len(table.rows) else ()
    return Doubt(
        key=key,
        material=str(table.frame["material"].iloc[place]),
        rows=tuple(int(row) for row in rows),
        value=float(table.values[place]),
        unit=table.unit,
        expected=expected,
        reason=reason,
        side=side,
    )


def _mistake(expected: Expected, place: int, values: NDArray[np.float64], unit: str) -> str | None:
    """The usual mistake that, undone, brings a value back among its neighbours'."""
    best: tuple[float, str] | None = None
    for (value,), words in undone(values[place : place + 1], unit):
        trial = values.copy()
        trial[place] = value
        distance = float(expected.distance(trial)[place])
        if distance <= NEAR and (best is None or distance < best[0]):
            best = distance, f"{words} would make it {value:.4g}"
    return None if best is None else best[1]


def undone(values: NDArray[np.float64], unit: str) -> list[tuple[NDArray[np.float64], str]]:
    """Values with each of the usual mistakes undone, and its name."""
    trials = [
        (values / factor, f"a factor of {name}")
        for factor, name in (
            (10.0, "10"), (0.1, "1/10"), (100.0, "100"), (0.01, "1/100"),
            (1e3, "1,000"), (1e-3, "1/1,000"), (1e6, "a million"), (1e-6, "1/1,000,000"),
            (4.184, "4.184 (calories)"), (1 / 4.184, "1/4.184 (calories)"),
            *((f, n) for f, n in _OF_ENERGIES if _is_energy(unit)),
        )
    ]  # fmt: skip
    trials.append((-values, "the other sign"))
    if _is_temperature(unit):
        for other, name in (("degC", "degrees Celsius"), ("K", "kelvin"), ("degF", "Fahrenheit")):
            trials.append((convert(values, other, unit), f"{name} read as {unit}"))
    return trials


_OF_ENERGIES = (
    (96.485, "96.485 (eV and kJ/mol)"), (1 / 96.485, "1/96.485 (eV and kJ/mol)"),
    (23.06, "23.06 (eV and kcal/mol)"), (1 / 23.06, "1/23.06 (eV and kcal/mol)"),
    (27.2114, "27.21 (hartree and eV)"), (1 / 27.2114, "1/27.21 (hartree and eV)"),
    (13.6057, "13.61 (rydberg and eV)"), (1 / 13.6057, "1/13.61 (rydberg and eV)"),
)  # fmt: skip


def _is_energy(unit: str) -> bool:
    return same_dimension(unit, "eV") or same_dimension(unit, "eV/atom")


def _is_temperature(unit: str) -> bool:
    return same_dimension(unit, "degC")


def in_words(doubts: Sequence[Doubt], shown: int = SHOWN) -> list[str]:
    """One line for each of the first doubts, and how many more there are."""
    lines = []
    for doubt in doubts[:shown]:
        rows = ", ".join(str(row) for row in doubt.rows[:5]) + ("…" if len(doubt.rows) > 5 else "")
        where = " ".join([doubt.side, *([f"({doubt.dataset})"] * bool(doubt.dataset))])
        where = f"{where}: " if where else ""
        where += f"row{'s' if len(doubt.rows) > 1 else ''} {rows}: " if rows else ""
        lines.append(
            f"{where}{doubt.material}: {doubt.value:.6g} {doubt.unit}".rstrip()
            + f" is doubtful: {doubt.reason}"
        )
    if len(doubts) > shown:
        lines.append(f"… and {len(doubts) - shown} more doubtful values")
    return lines


def refuse(doubts: Sequence[Doubt], origin: str) -> None:
    """Raise :class:`DataError` if there is any doubt, with what to do."""
    if doubts:
        lines = "\n".join(f"  {line}" for line in in_words(doubts))
        raise DataError(
            f"{origin}: {len(doubts)} doubtful values\n{lines}\n"
            "Mend or remove them, give the range that is credible (valid), or go on with "
            "--doubt tell"
        )
