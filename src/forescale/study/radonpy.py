"""Result tables of RadonPy and PolyOmics as a source: their columns, units and filters are known.

Hayashi et al., npj Comput. Mater. 8, 222 (2022), doi 10.1038/s41524-022-00906-4; PolyOmics, arXiv
2511.11626. One row a repeat unit; units are SI but for density (g/cm³) and lengths (Å).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Gt

from forescale._machine.toml import Float
from forescale.errors import ConfigError, DataError
from forescale.study.source_contract import Reading, _Source
from forescale.tables import ColumnMap, PropertyTable, Provenance, build_table, read_columns

MATERIAL = "smiles"
_UNITS = {
    "density": "g/cm^3",
    "Rg": "angstrom",
    "self-diffusion": "m^2/s",
    "Cp": "J/(kg*K)",
    "Cv": "J/(kg*K)",
    "compressibility": "1/Pa",
    "bulk_modulus": "Pa",
    "isentropic_compressibility": "1/Pa",
    "isentropic_bulk_modulus": "Pa",
    "volume_expansion": "1/K",
    "linear_expansion": "1/K",
    "dielectric_const_dc": "",
    "nematic_order_parameter": "",
    "refractive_index": "",
    "thermal_conductivity": "W/(m*K)",
    "thermal_diffusivity": "m^2/s",
    "Tg": "K",
    "qm_homo_monomer": "eV",
    "qm_lumo_monomer": "eV",
    "qm_dipole_monomer": "debye",
    "qm_polarizability_monomer": "angstrom^3",
}
_REFUSED = {
    "static_dielectric_const": "it is not usable (its cells do not settle): take "
    "dielectric_const_dc",
    "chi": "it is a model's estimate, not a simulation",
}
_FIT_ERROR = "tg_rmse"


class RadonPyTable(_Source):
    """A result table of RadonPy or PolyOmics (CSV or Parquet).

    Parameters
    ----------
    file
        Its path; relative paths are relative to the study file.
    property
        A column: ``density``, ``Cp``, ``thermal_conductivity``, ``dielectric_const_dc``, …
    temperature
        Rows of other temperatures (column ``temp``, K) are set aside; not for ``Tg``.
    tg_rmse
        Largest error of the fit that gave Tg, in the unit of the column ``tg_rmse``: rows above
        it are set aside. Needed for ``Tg``.
    valid
        Lowest and highest credible value, in the column's unit.
    """

    format: Literal["radonpy"]
    file: Path
    temperature: Annotated[Float, Gt(0)] = 300.0
    tg_rmse: Annotated[Float, Gt(0)] | None = None
    valid: tuple[Float, Float] | None = None

    def columns(self) -> str:
        """The column of the material."""
        return MATERIAL

    def _own_name(self) -> str:
        return self.file.stem

    def _read(self, reading: Reading) -> PropertyTable:
        """Rows without a value, or filtered, are kept with reasons."""
        if reading.kind != "computed":
            raise ConfigError(
                f"{reading.where}: {self.file} holds computed values, expected {reading.kind}"
            )
        name = self._column(reading.where)
        raw = read_columns(self.file)
        lowered = {str(column).lower(): str(column) for column in raw.columns}
        column = lowered.get(name.lower())
        if column is None or MATERIAL not in raw.columns:
            lacks = MATERIAL if column is not None else name
            raise DataError(f"{self.file}: no column {lacks!r}; is it a result table of RadonPy?")
        reasons = self._set_aside(raw, column, lowered)
        aside = reasons.notna()
        if aside.all():
            raise DataError(
                f"{self.file}: none of its {len(raw)} rows can be used; row 1: {reasons.iloc[0]}"
            )
        table = build_table(
            raw[~aside],
            ColumnMap(MATERIAL, column, reading.keep, self.valid),
            name=name,
            unit=_UNITS[name],
            kind="computed",
            material_kind="polymer",
            provenance=Provenance(dataset=self.file.name),
            on_error=reading.on_error,
            origin=str(self.file),
        )
        rejected = pd.DataFrame(
            {
                "file": str(self.file),
                "row": raw.index[aside] + 1,
                "material": raw[MATERIAL][aside].astype(str),
                "value": raw[column][aside].astype(str),
                "reason": reasons[aside],
            }
        )
        every = [part for part in (table.rejected, rejected) if len(part)]
        if every:
            table.__dict__["rejected"] = pd.concat(every, ignore_index=True).sort_values(
                "row", ignore_index=True
            )
        return table

    def _column(self, where: str) -> str:
        """The property by its column's name, whatever its capitals."""
        asked = self.property or ""
        if asked.lower() in _REFUSED:
            raise ConfigError(f"{where}.property: got {asked!r}: {_REFUSED[asked.lower()]}")
        named = {name.lower(): name for name in _UNITS}
        if asked.lower() not in named:
            raise ConfigError(
                f"{where}.property: got {self.property!r}, expected one of {', '.join(_UNITS)}"
            )
        name = named[asked.lower()]
        if name == "Tg" and self.tg_rmse is None:
            raise ConfigError(
                f"{where}.tg_rmse: Tg needs the largest error of its fit that is to be believed"
            )
        return name

    def _set_aside(self, raw: pd.DataFrame, column: str, lowered: dict[str, str]) -> pd.Series:
        """Why rows are not taken; None for those that are."""
        reasons = pd.Series(None, index=raw.index, dtype=object)
        if column.lower() == "tg":
            fit = lowered.get(_FIT_ERROR)
            if fit is None:
                raise DataError(f"{self.file}: no column {_FIT_ERROR!r}, which Tg needs")
            error = pd.to_numeric(raw[fit], errors="coerce")
            poor = ~(error <= self.tg_rmse)
            reasons[poor] = f"{_FIT_ERROR} is above {self.tg_rmse:g}, or not there"
        elif "temp" in raw:
            temperature = pd.to_numeric(raw["temp"], errors="coerce")
            other = ~np.isclose(temperature, self.temperature, atol=0.5)
            reasons[other] = f"not simulated at {self.temperature:g} K"
        missing = raw[column].isna() | (raw[column].astype(str).str.strip() == "")
        reasons[missing] = f"no {column} was computed"
        return reasons
