"""What the form of a law misses: a slowly wandering drift in log n.

The drift is zero at the largest size seen and runs both ways from there. Its slope and
its value each wander as a Brownian motion in x = |ln(n / n_last)|. Backwards, that lets
a curve have bent any old way at small n without deceiving the forecast; forwards, it
carries on from the last points and widens with distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forescale.laws.arrays import Floats

STEPS = (0.003, 0.01, 0.03, 0.08)  # of the value, per sqrt of a unit of ln n
BENDS = (0.01, 0.03, 0.08, 0.16, 0.32)  # of the slope, likewise
FAITHFUL = (0.001, 0.002)  # step and bend of a curve that follows its form
NOISES = tuple(np.geomspace(0.0005, 0.2, 7))  # relative, of a point whose noise is not known
FLOOR = 1e-4  # relative; what no published error is more precise than
MEMORY = 6.0  # units of ln n over which a wandering slope forgets itself


@dataclass(frozen=True)
class DriftPrior:
    """Probability that a curve follows its form, and log-normal priors (center, spread in
    ln) of the two sizes of drift otherwise and of the noise."""

    faithful: float = 0.15
    step: tuple[float, float] = (0.02, 1.0)
    bend: tuple[float, float] = (0.1, 0.8)
    noise: tuple[float, float] = (0.005, 1.0)


@dataclass(frozen=True)
class Deviation:
    """One hypothesis: size of value steps, of slope bends, and of unknown point noise."""

    step: float
    bend: float
    noise: float
    log_prior: float


def deviations(prior: DriftPrior, *, noise_known: bool) -> list[Deviation]:
    """Return the hypotheses to sum over; known noise leaves only the drift open."""
    sizes = list(product(STEPS, BENDS))
    weights = np.array([_bell(s, prior.step) * _bell(b, prior.bend) for s, b in sizes])
    drifts = [(*FAITHFUL, prior.faithful)]
    drifts += [
        (*size, float(weight))
        for size, weight in zip(sizes, (1 - prior.faithful) * weights / weights.sum(), strict=True)
    ]
    noises = [(FLOOR, 1.0)] if noise_known else [(v, _bell(v, prior.noise)) for v in NOISES]
    return [
        Deviation(step, bend, noise, float(np.log(weight) + np.log(share)))
        for step, bend, weight in drifts
        for noise, share in noises
    ]


def drift_kernel(step: float, bend: float, first: Floats, second: Floats) -> Floats:
    """Covariance of the drift between distances ln(n_last / n), shape (A, B).

    Both sides of n_last wander on their own, so a distance below zero (a size beyond the
    data) has no covariance with one above.
    """
    near = np.maximum(np.minimum(first[:, None], second[None, :]), 0.0)
    far = np.maximum(first[:, None], second[None, :])
    kernel: Floats = step**2 * near + bend**2 * near**2 * (3 * far - near) / 6
    return kernel


def drift_variance(step: Floats | float, bend: Floats | float, reach: Floats) -> Floats:
    """Variance of the drift at ``reach`` = ln(n / n_last) beyond the data.

    The slope is an Ornstein-Uhlenbeck process, so its integral grows as reach³/3 at first
    and linearly once reach exceeds ``MEMORY``.
    """
    x = np.maximum(reach, 0.0) / MEMORY
    wander = x - 2 * -np.expm1(-x) + 0.5 * -np.expm1(-2 * x)
    variance: Floats = step**2 * np.maximum(reach, 0.0) + bend**2 * MEMORY**3 * np.maximum(
        wander, 0.0
    )
    return variance


def drift_paths(step: Floats, bend: Floats, reach: Floats, rng: np.random.Generator) -> Floats:
    """Sample paths of the drift along ascending ``reach``, shape (draws, len(reach)).

    ``step`` and ``bend`` have shape (draws,); at each reach the variance is that of
    `drift_variance` up to the discretisation of the slope's integral.
    """
    apart = np.diff(reach, prepend=0.0)
    normal = rng.standard_normal((2, len(step), len(reach)))
    paths = np.cumsum(step[:, None] * np.sqrt(apart) * normal[0], axis=1)
    keep = np.exp(-apart / MEMORY)
    kick = np.sqrt(-MEMORY / 2 * np.expm1(-2 * apart / MEMORY))
    slope, bent = np.zeros(len(step)), np.zeros(len(step))
    for k, gap in enumerate(apart):
        turned = slope * keep[k] + bend * kick[k] * normal[1][:, k]
        bent = bent + gap * (slope + turned) / 2
        slope = turned
        paths[:, k] += bent
    return paths


def _bell(value: float, prior: tuple[float, float]) -> float:
    return float(np.exp(-0.5 * (np.log(value / prior[0]) / prior[1]) ** 2))
