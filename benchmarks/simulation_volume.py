"""The volume model of liquids, fitted to measured densities (not to refractive indices).

Volume per molecule at 293.15 K from the density equations in Perry's Chemical Engineers' Handbook
(8th ed., as shipped by ``chemicals``), for liquids well below their critical temperature; van der
Waals volume and surface of the conformer that the xtb engine makes. Least squares of relative
errors.

    python benchmarks/simulation_volume.py
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import _kit
import numpy as np
from chemicals import search_chemical, volume
from numpy.typing import NDArray
from scipy.constants import N_A

from forescale.engines.geometry import conformer, vdw_volume_and_area
from forescale.engines.optics import LIQUID
from forescale.engines.xtb import polar_hydrogens, require_supported
from forescale.errors import MaterialError
from forescale.materials import Molecule

TEMPERATURE = 293.15  # K
LOWEST_CRITICAL = 450.0  # K


def liquids(most: int | None) -> NDArray[np.float64]:
    """Rows of measured volume (Å³), van der Waals volume and surface, polar hydrogens."""
    rows = []
    for cas, row in itertools.islice(volume.rho_data_Perry_8E_105_l.iterrows(), most):
        if not row.Tmin <= TEMPERATURE <= row.Tmax or LOWEST_CRITICAL > row.C3:
            continue
        try:
            key = Molecule.parse(search_chemical(cas).smiles).key
            require_supported(key, 24)
            geometry = conformer(key)
        except (MaterialError, ValueError):
            continue
        density = row.C1 / row.C2 ** (1 + (1 - TEMPERATURE / row.C3) ** row.C4)  # mol/m³
        shape = vdw_volume_and_area(geometry.numbers, geometry.positions)
        rows.append((1e30 / density / N_A, *shape, polar_hydrogens(key)))
    return np.array(rows)


def report(
    table: _kit.Table, name: str, terms: NDArray[np.float64], measured: NDArray[np.float64]
) -> None:
    """Fit and print one model; errors are relative, each liquid left out once."""
    relative = terms / measured[:, None]
    inverse = np.linalg.pinv(relative)
    coefficients = inverse @ np.ones(len(measured))
    leverage = np.sum(relative * inverse.T, axis=1)
    error = (relative @ coefficients - 1.0) / (1.0 - leverage)
    shown = ", ".join(f"{c:.3f}" for c in coefficients)
    table.row(name, len(measured), f"{np.sqrt(np.mean(error**2)):.4f}", shown)


def main(argv: Sequence[str] | None = None) -> None:
    """Compare the model in use with a single packing coefficient."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--limit", type=int, help="so many of the liquids")
    told = _kit.parse(parser, argv, smoke={"limit": 20})
    rows = liquids(told.limit)
    measured, terms = rows[:, 0], rows[:, 1:]
    table = _kit.Table("volume of", "n", "relative error", "coefficients")
    report(table, "van der Waals volume", terms[:, :1], measured)
    report(table, "  + surface", terms[:, :2], measured)
    report(table, "  + surface + polar hydrogens", terms, measured)
    print("\nin use:", ", ".join(map(str, LIQUID)))


if __name__ == "__main__":
    main()
