"""The packing coefficient of liquids, from measured densities (not from refractive indices).

Van der Waals volume of the conformer that the xtb engine makes, over the volume per molecule at
293.15 K from the density equations in Perry's Chemical Engineers' Handbook (8th ed., as shipped
by ``chemicals``), for liquids well below their critical temperature.

    python benchmarks/simulation_packing.py
"""

from __future__ import annotations

import numpy as np
from chemicals import search_chemical, volume
from scipy.constants import N_A

from forescale.errors import MaterialError
from forescale.materials import Molecule
from forescale.simulation.engines.xtb import require_supported
from forescale.simulation.geometry import conformer, vdw_volume_and_area
from forescale.simulation.optics import PACKING_LIQUID

TEMPERATURE = 293.15  # K
LOWEST_CRITICAL = 450.0  # K


def main() -> None:
    """Print number, mean and spread."""
    table = volume.rho_data_Perry_8E_105_l
    coefficients = []
    for cas, row in table.iterrows():
        if not row.Tmin <= TEMPERATURE <= row.Tmax or LOWEST_CRITICAL > row.C3:
            continue
        try:
            key = Molecule.parse(search_chemical(cas).smiles).key
            require_supported(key, 24)
            geometry = conformer(key)
        except (MaterialError, ValueError):
            continue
        density = row.C1 / row.C2 ** (1 + (1 - TEMPERATURE / row.C3) ** row.C4)  # mol/m³
        measured = 1e30 / density / N_A  # Å³
        coefficients.append(vdw_volume_and_area(geometry.numbers, geometry.positions)[0] / measured)
    values = np.array(coefficients)
    print(f"{'liquids':>8} {'mean':>7} {'std':>7} {'5 %':>7} {'95 %':>7} {'in use':>7}")
    low, high = np.quantile(values, [0.05, 0.95])
    print(
        f"{len(values):8d} {values.mean():7.4f} {values.std():7.4f} {low:7.3f} {high:7.3f} "
        f"{PACKING_LIQUID:7.3f}"
    )


if __name__ == "__main__":
    main()
