"""COSMO-SAC against its own definition, limits and the laws of thermodynamics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forescale.engines.cosmo.chi import flory_huggins
from forescale.engines.cosmo.cosmosac import (
    BONDING,
    GAS,
    MISFIT,
    MISFIT_T2,
    combinatorial,
    exchange_factors,
    ln_gamma,
    segment_activities,
)
from forescale.engines.cosmo.profile import SIGMA, Profile

T = 298.15


def make_profile(centre: float, *, area: float = 100.0, volume: float = 90.0, hydroxyl: float = 0):
    """A profile with one broad peak, and hydroxyl surface on both outer sides."""
    areas = np.zeros((3, len(SIGMA)))
    for sign in (-1.0, 1.0):
        areas[0] += np.exp(-(((SIGMA - sign * centre) / 0.003) ** 2))
        areas[1] += hydroxyl * np.exp(-(((SIGMA - sign * 0.015) / 0.002) ** 2))
    return Profile(areas * area / areas.sum(), volume)


ALKANE = make_profile(0.001, area=156.0, volume=145.0)
KETONE = make_profile(0.006, area=102.0, volume=86.0)
ALCOHOL = make_profile(0.003, area=88.0, volume=69.0, hydroxyl=0.3)
ALL = [ALKANE, KETONE, ALCOHOL]


def energy(first: tuple[int, float], second: tuple[int, float], temperature: float) -> float:
    """ΔW of two segments (kind, density), written as in the paper, kcal/mol."""
    (kind, sigma), (other, tau) = first, second
    misfit = (MISFIT + MISFIT_T2 / temperature**2) * (sigma + tau) ** 2
    bond = BONDING[kind][other] * (sigma - tau) ** 2 if sigma * tau < 0 else 0.0
    return misfit - bond


def test_exchange_energies_are_those_of_the_paper():
    factors = exchange_factors(320.0)
    for i, j in [(0, 0), (3, 48), (55, 98), (60, 145), (110, 150), (20, 140)]:
        segments = [(k // 51, SIGMA[k % 51]) for k in (i, j)]
        assert factors[i, j] == pytest.approx(math.exp(-energy(*segments, 320.0) / (GAS * 320.0)))
    # a hydroxyl bond of ±0.015 e/Å² is worth 3.6 kcal/mol beside no misfit
    assert energy((1, 0.015), (1, -0.015), T) == pytest.approx(-4013.78 * 0.03**2)


def test_segment_activities_solve_their_equation():
    log_gamma = segment_activities(ALCOHOL.areas, T)
    share = ALCOHOL.areas / ALCOHOL.area
    total = exchange_factors(T) @ (share * np.exp(log_gamma)).ravel()
    assert np.allclose(np.exp(-log_gamma).ravel(), total, rtol=1e-7)


def test_a_mixture_of_one_molecule_with_itself_is_ideal():
    residual, packing = ln_gamma([KETONE, KETONE], np.array([0.3, 0.7]), T)
    assert np.allclose(residual, 0.0, atol=1e-7)
    assert np.allclose(packing, 0.0, atol=1e-12)


@pytest.mark.parametrize("temperature", [280.0, 298.15, 400.0])
def test_gibbs_and_duhem(temperature):
    """Σ x dlnγ = 0 along a line of compositions, for both parts."""
    start, step = np.array([0.2, 0.3, 0.5]), np.array([0.3, -0.1, -0.2])
    h = 1e-4
    below = ln_gamma(ALL, start - h * step, temperature)
    above = ln_gamma(ALL, start + h * step, temperature)
    for low, high in zip(below, above, strict=True):
        slope = (high - low) / (2 * h)
        assert abs(start @ slope) < 1e-5 * np.abs(slope).max()


def test_unlike_fluids_dislike_each_other_and_heat_helps():
    cold, hot = (
        sum(ln_gamma([ALCOHOL, ALKANE], np.array([0.0, 1.0]), t)[0][:1]) for t in (280.0, 400.0)
    )
    assert cold > 2.0
    assert hot < cold


def test_combinatorial_part_of_two_sizes():
    """By hand for r = 1, 2 and q = 1, 1.8 at equal amounts."""
    small = Profile(np.full((3, 51), 79.53 / 153), 66.69)
    large = Profile(np.full((3, 51), 1.8 * 79.53 / 153), 2 * 66.69)
    found = combinatorial([small, large], np.array([0.5, 0.5]))
    v, f = 1 / 1.5, 1 / 1.4
    assert found[0] == pytest.approx(
        math.log(v) + 1 - v - 5 * 1.0 * (math.log(v / f) + 1 - v / f), abs=1e-12
    )


def test_chi_is_the_activity_of_a_long_chain():
    """Chi from its definition, with a chain of a great many units as an ordinary molecule."""
    share, units = 0.4, 1e6
    chain = Profile(KETONE.areas * units, KETONE.volume * units)
    amounts = np.array([(1 - share) / ALKANE.volume, share / chain.volume])
    x = amounts / amounts.sum()
    residual, packing = ln_gamma([ALKANE, chain], x, 330.0)
    ln_a = math.log(x[0]) + residual[0] + packing[0]
    chi = (ln_a - math.log(1 - share) - share) / share**2
    found = flory_huggins(KETONE, ALKANE, 330.0, share)
    assert found.value == pytest.approx(chi, abs=2e-4)
    assert found.value == pytest.approx(found.residual + found.combinatorial)


def test_chi_of_a_polymer_in_its_own_unit_is_zero():
    found = flory_huggins(KETONE, KETONE, T, 1.0)
    assert found.value == pytest.approx(0.0, abs=1e-7)


def test_enthalpic_part_is_the_slope():
    chi = [flory_huggins(ALCOHOL, ALKANE, t, 0.5) for t in (299.0, 300.0, 301.0)]
    slope = -300.0 * (chi[2].value - chi[0].value) / 2.0
    assert chi[1].enthalpic == pytest.approx(slope, rel=1e-3)
    assert chi[1].enthalpic > 0.0
