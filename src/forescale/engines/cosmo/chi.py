"""The Flory–Huggins interaction parameter of a polymer and a solvent from COSMO-SAC.

Chi is what the activity a₁ of the solvent needs beside the ideal mixing of long chains,

    ln a₁ = ln φ₁ + φ₂ + χ φ₂²

(Flory 1953; volume fractions φ₁ of the solvent, φ₂ of the polymer). COSMO-SAC gives ln a₁ as
ln x₁ + ln γ₁ with a residual part, from energies of contacts, and a combinatorial one, whose
Flory–Huggins part is the ideal mixing above. What is left of the combinatorial part, and the
residual part, make up chi:

    χ = [ln γ₁(residual) − (z/2) q₁ (ln(φ₁/θ₁) + 1 − φ₁/θ₁)] / φ₂²

with surface fractions θ. The chain is infinitely long and contributes its repeat unit as it is
within a chain. Neither part knows of free volume: solvents expand more than polymers do, which
raises measured chi by some tenths.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forescale.engines.cosmo.cosmosac import (
    COORDINATION,
    STANDARD_AREA,
    residual,
    segment_activities,
)
from forescale.engines.cosmo.profile import Profile

HALF_STEP = 2.0
"""Half the difference of temperatures from which the enthalpic part is taken, K."""


class Chi(NamedTuple):
    """Chi and its parts, all pure numbers; ``value`` is ``residual`` + ``combinatorial``.

    ``enthalpic`` is −T ∂χ/∂T, what mixing takes as heat; the rest of chi is entropy.
    """

    value: float
    residual: float
    combinatorial: float
    enthalpic: float


def flory_huggins(
    unit: Profile, solvent: Profile, temperature: float, volume_fraction: float
) -> Chi:
    """Chi of a polymer in a solvent.

    Parameters
    ----------
    unit, solvent
        A repeat unit in its chain, and a molecule.
    temperature
        K.
    volume_fraction
        φ₂, volume fraction of the polymer, in (0, 1].
    """
    at = [
        _residual(unit, solvent, temperature + shift, volume_fraction)
        for shift in (-HALF_STEP, 0.0, HALF_STEP)
    ]
    packing = _combinatorial(unit, solvent, volume_fraction)
    slope = (at[2] - at[0]) / (2.0 * HALF_STEP)
    return Chi(at[1] + packing, at[1], packing, -temperature * slope)


def _amounts(unit: Profile, solvent: Profile, share: float) -> tuple[float, float]:
    """Relative numbers of repeat units and of solvent molecules."""
    return share / unit.volume, (1.0 - share) / solvent.volume


def _residual(unit: Profile, solvent: Profile, temperature: float, share: float) -> float:
    units, molecules = _amounts(unit, solvent, share)
    mixture = units * unit.areas + molecules * solvent.areas
    fluid = segment_activities(mixture, temperature)
    return residual(solvent, fluid, temperature) / share**2


def _combinatorial(unit: Profile, solvent: Profile, share: float) -> float:
    units, molecules = _amounts(unit, solvent, share)
    # φ₁/θ₁, also where both vanish
    ratio = (units * unit.area + molecules * solvent.area) * solvent.volume / solvent.area
    q = solvent.area / STANDARD_AREA
    return float(-COORDINATION / 2.0 * q * (np.log(ratio) + 1.0 - ratio) / share**2)
