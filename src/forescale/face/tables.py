"""Tables by name and from files, as a user asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from forescale import catalog
from forescale.study.sources import RawTable
from forescale.tables import PropertyTable


def load_dataset(
    name: str, property_name: str | None = None, *, sample: int | None = None, seed: int = 0
) -> PropertyTable:
    """One property of a dataset of the catalog; ``forescale data list`` names them.

    Parameters
    ----------
    name
        Dataset, such as ``"refractive-index-measured"``.
    property_name
        Property; may be left out where a dataset has one.
    sample
        Draw at most this many materials at random.
    seed
        Seed of the draw.

    Returns
    -------
    PropertyTable
        Its ``frame`` has one row per material: key, material, value, repeats, scatter.

    Raises
    ------
    ConfigError
        If there is no such dataset or property.

    Examples
    --------
    >>> import forescale as fs
    >>> fs.load_dataset("refractive-index-measured").kind
    'measured'
    """
    return catalog.load_dataset(name, property_name, sample=sample, seed=seed)


def read_table(
    path: str | Path,
    *,
    kind: str,
    value: str,
    unit: str,
    material: str | None = None,
    solute: str | None = None,
    solvent: str | None = None,
    temperature: str | None = None,
    temperature_unit: str | None = None,
    values: Literal["computed", "measured"] = "measured",
    valid: tuple[float, float] | None = None,
    keep: Sequence[str] = (),
    on_error: Literal["raise", "skip"] = "raise",
) -> PropertyTable:
    """Read a file of one's own, as a study does.

    Parameters
    ----------
    path
        CSV, TSV or Parquet file.
    kind
        ``composition``, ``molecule``, ``pair`` or ``polymer``.
    value, unit
        Column of the values, and their unit; empty for a pure number.
    material
        Column of the materials.
    solute, solvent, temperature, temperature_unit
        Columns of pairs, in place of ``material``.
    values
        Whether they were computed or measured.
    valid
        Lowest and highest credible value, in the unit; rows outside are set aside.
    keep
        Further columns to keep.
    on_error
        ``"skip"`` sets bad rows aside, in the table's ``rejected``.

    Raises
    ------
    DataError
        Names file, row and reason of bad rows, unless they are skipped.
    """
    given = {
        "file": path, "kind": kind, "material": material, "value": value, "unit": unit,
        "solute": solute, "solvent": solvent, "temperature": temperature,
        "temperature_unit": temperature_unit, "valid": valid,
    }  # fmt: skip
    source = RawTable.model_validate(given)
    return source.load("table", values, keep=tuple(keep), on_error=on_error)
