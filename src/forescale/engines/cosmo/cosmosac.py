"""COSMO-SAC: activity coefficients from sigma profiles.

Residual part with the parameters of Hsieh, Sandler & Lin 2010 (doi 10.1016/j.fluid.2010.06.011),
combinatorial part after Staverman and Guggenheim; equations as collected by Bell et al. 2020
(doi 10.1021/acs.jctc.9b01016). Nothing here is fitted to data of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from forescale.engines.cosmo.profile import (
    EFFECTIVE_AREA,
    KINDS,
    SIGMA,
    Floats,
    Profile,
)
from forescale.errors import EngineError

GAS = 8.31446261815324 / 4184.0
"""Gas constant, kcal/(mol K)."""
MISFIT, MISFIT_T2 = 6525.69, 1.4859e8
"""Electrostatic misfit, kcal Å⁴/(mol e²), and its part that falls with the square of
temperature."""
BONDING = np.array(
    [[0.0, 0.0, 0.0], [0.0, 4013.78, 3016.43], [0.0, 3016.43, 932.31]],
)
"""Strength of hydrogen bonds between kinds of surface (rows and columns: none, hydroxyl, other)."""
STANDARD_AREA, STANDARD_VOLUME, COORDINATION = 79.53, 66.69, 10.0
"""Area and volume of a standard segment (Å², Å³), and its coordination number."""
TOLERANCE, STEPS = 1e-9, 2000


@lru_cache(maxsize=64)
def exchange_factors(temperature: float) -> Floats:
    """exp(−ΔW/RT) between all segments, shape (153, 153): kinds by charge densities, flattened."""
    sigma = np.tile(SIGMA, len(KINDS))
    first, second = sigma[:, None], sigma[None, :]
    strength = np.repeat(np.repeat(BONDING, len(SIGMA), axis=0), len(SIGMA), axis=1)
    bonded = np.where(first * second < 0.0, strength * (first - second) ** 2, 0.0)
    energy = (MISFIT + MISFIT_T2 / temperature**2) * (first + second) ** 2 - bonded
    factors: Floats = np.exp(-energy / (GAS * temperature))
    factors.flags.writeable = False
    return factors


def segment_activities(areas: Floats, temperature: float) -> Floats:
    """Logarithm of Γ of every segment in a fluid whose surface is ``areas``, both of shape (3, 51).

    Γ(m) = 1 / Σ p(n) Γ(n) exp(−ΔW(m, n)/RT), by successive substitution. Segments that the fluid
    lacks have an activity coefficient too: that of one of them at infinite dilution.

    Raises
    ------
    EngineError
        If the iteration does not settle.
    """
    share = areas.ravel() / areas.sum()
    present = np.flatnonzero(share)
    factors = exchange_factors(temperature)[:, present] * share[present]
    inner = factors[present]
    log_gamma = np.zeros(len(present))
    for _ in range(STEPS):
        change = -np.log(inner @ np.exp(log_gamma)) - log_gamma
        log_gamma += 0.5 * change
        if np.abs(change).max() < TOLERANCE:
            found: Floats = -np.log(factors @ np.exp(log_gamma))
            return found.reshape(areas.shape)
    raise EngineError(f"segment activity coefficients do not settle at {temperature:g} K")


def residual(
    component: Profile, fluid: Floats, temperature: float, pure: Floats | None = None
) -> float:
    """Residual part of a component's ln γ.

    Parameters
    ----------
    component
        The molecule.
    fluid
        ln Γ of segments in the mixture; shape (3, 51).
    temperature
        K.
    pure
        ln Γ in the pure component, if known.
    """
    if pure is None:
        pure = segment_activities(component.areas, temperature)
    return float(np.sum(component.areas * (fluid - pure))) / EFFECTIVE_AREA


def ln_gamma(
    components: Sequence[Profile], fractions: Floats, temperature: float
) -> tuple[Floats, Floats]:
    """Residual and combinatorial parts of ln γ of every component, each of shape (components,).

    Parameters
    ----------
    components
        The molecules of the mixture.
    fractions
        Mole fractions; zero stands for infinite dilution; shape (components,).
    temperature
        K.
    """
    mixture = np.tensordot(fractions, np.array([one.areas for one in components]), axes=1)
    fluid = segment_activities(mixture, temperature)
    parts = [residual(one, fluid, temperature) for one in components]
    return np.array(parts), combinatorial(components, fractions)


def combinatorial(components: Sequence[Profile], fractions: Floats) -> Floats:
    """Staverman–Guggenheim part of ln γ, shape (components,)."""
    q = np.array([one.area for one in components]) / STANDARD_AREA
    r = np.array([one.volume for one in components]) / STANDARD_VOLUME
    volume, surface = r / (fractions @ r), q / (fractions @ q)
    ratio = volume / surface
    found: Floats = (
        np.log(volume) + 1.0 - volume - COORDINATION / 2.0 * q * (np.log(ratio) + 1.0 - ratio)
    )
    return found
