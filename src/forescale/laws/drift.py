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
STILL = (0.003, 0.01)  # step and bend beyond the data of a curve whose fall has stopped
NOISES = tuple(np.geomspace(0.0005, 0.2, 7))  # relative, of a point whose noise is not known
FLOOR = 1e-4  # relative; what no published error is more precise than
EXTRAS = (FLOOR, 0.003, 0.01, 0.03, 0.1)  # relative noise beside what is told of it
TRUSTS = (0.5, 1.0, 2.0)  # times what few blocks of replicates tell of the noise
MEMORY = 6.0  # units of ln n over which a wandering slope forgets itself


@dataclass(frozen=True)
class DriftPrior:
    """Probability that a curve follows its form, and what is believed of those that do not.

    Log-normal priors (centre, spread in ln) of the two sizes of drift and of the noise.
    """

    faithful: float = 0.15
    step: tuple[float, float] = (0.02, 1.0)
    bend: tuple[float, float] = (0.06, 0.8)
    noise: tuple[float, float] = (0.005, 1.0)
    extra: tuple[float, ...] = (0.4, 0.15, 0.2, 0.15, 0.1)
    trust: tuple[float, ...] = (0.3, 0.4, 0.3)


@dataclass(frozen=True)
class Deviation:
    """One hypothesis: size of value steps, of slope bends, and of the points' noise.

    ``noise`` is relative, and all there is where none is told; else it comes on top of
    ``trust`` times what is told.
    """

    step: float
    bend: float
    noise: float
    trust: float
    log_prior: float

    @property
    def drift(self) -> tuple[float, float]:
        """Sizes of the drift: what curves of one study can share."""
        return self.step, self.bend


def deviations(prior: DriftPrior, noise_of: str) -> list[Deviation]:
    """Return the hypotheses to sum over, given what told the noise of a curve's points."""
    sizes = list(product(STEPS, BENDS))
    weights = np.array([_bell(s, prior.step) * _bell(b, prior.bend) for s, b in sizes])
    drifts = [(*FAITHFUL, prior.faithful)]
    drifts += [
        (*size, float(weight))
        for size, weight in zip(sizes, (1 - prior.faithful) * weights / weights.sum(), strict=True)
    ]
    return [
        Deviation(step, bend, noise, trust, float(np.log(weight) + np.log(share)))
        for step, bend, weight in drifts
        for noise, trust, share in _noises(prior, noise_of)
    ]


def _noises(prior: DriftPrior, noise_of: str) -> list[tuple[float, float, float]]:
    """Hypotheses (noise, trust, prior weight) of the points' noise."""
    if noise_of in ("nothing", "block"):
        return [(value, 0.0, _bell(value, prior.noise)) for value in NOISES]
    if noise_of == "replicates":
        return [(FLOOR, 1.0, 1.0)]
    if noise_of == "blocks":
        return [(FLOOR, trust, part) for trust, part in zip(TRUSTS, prior.trust, strict=True)]
    return [(extra, 1.0, weight) for extra, weight in zip(EXTRAS, prior.extra, strict=True)]


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


def drift_covariance(step: float, bend: float, reach: Floats) -> Floats:
    """Covariance of the drift between ``reach`` beyond the data, shape (A, A).

    On the diagonal it is `drift_variance`; within the data (reach below zero) it is zero.
    """
    x = np.maximum(reach, 0.0) / MEMORY
    near, apart = np.minimum(x[:, None], x[None, :]), np.abs(x[:, None] - x[None, :])
    fade = np.exp(-apart)
    bent = near + (1 + fade) * np.expm1(-near) - fade * np.expm1(-2 * near) / 2
    covariance: Floats = step**2 * MEMORY * near + bend**2 * MEMORY**3 * np.maximum(bent, 0.0)
    return covariance


def _bell(value: float, prior: tuple[float, float]) -> float:
    return float(np.exp(-0.5 * (np.log(value / prior[0]) / prior[1]) ** 2))
