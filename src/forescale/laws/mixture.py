"""Posterior mass of many candidate shapes of a curve under many covariances.

A curve of log errors y is modelled as level + shape + Gaussian deviation. For one
covariance of the deviation the level (flat prior) integrates out in closed form, so the
mass of a (covariance, shape) pair is a quadratic form. Candidate shapes of one family are
smooth and hence nearly collinear: whitening their few common directions, instead of each
shape, makes thousands of shapes cost what a dozen would. The quadratic form of a pair is
linear in the products of the shape's weights, so all pairs are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtrs

from forescale.laws.arrays import Floats

FEW, IDLE = 60, 1e-4  # covariances that need no thinning; mass
THINNING = 8  # of shapes; no divisor of the cells of a row, whose finest would be passed over
RANK_TOLERANCE = 1e-9  # of the largest eigenvalue; 3e-5 in a log error


@dataclass(frozen=True)
class Mixture:
    """Gaussian mixture over H covariances × S shapes.

    Attributes
    ----------
    mass
        Posterior mass of each pair, shape (H, S), summing to one.
    cells
        Which candidate each column of ``mass`` is of, shape (S,).
    candidates, slopes
        Factors of the mean level given the pair: row s of ``candidates`` (S, r) times row
        h of ``slopes`` (H, r).
    level_sd
        Standard deviation of the level given the pair, shape (H,).
    log_evidence
        Logarithm of the summed likelihood × prior of all pairs.
    """

    mass: Floats
    cells: NDArray[np.intp]
    candidates: Floats
    slopes: Floats
    level_sd: Floats
    log_evidence: float

    def restricted(self, shapes: np.ndarray) -> Mixture:
        """Return the mixture given that the shape is one of a boolean mask of shape (S,)."""
        mass = self.mass[:, shapes]
        return replace(
            self,
            mass=mass / max(float(mass.sum()), 1e-300),
            cells=self.cells[shapes],
            candidates=self.candidates[shapes],
        )

    def reweighted(self, factor: Floats) -> Mixture:
        """Return the mixture with the mass of each covariance multiplied, shape (H,)."""
        mass = self.mass * factor[:, None]
        return replace(self, mass=mass / max(float(mass.sum()), 1e-300))

    def sample(self, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Floats]:
        """Draw pairs and levels: indices of covariance and shape, and the level."""
        reached = np.cumsum(self.mass)
        pair = np.searchsorted(reached, rng.random(draws) * reached[-1])
        covariance, column = np.unravel_index(pair, self.mass.shape)
        level = np.sum(self.candidates[column] * self.slopes[covariance], axis=1)
        level = level + self.level_sd[covariance] * rng.standard_normal(draws)
        return covariance, self.cells[column], level


def weigh(
    log_error: Floats,
    shapes: Floats,
    covariances: Sequence[Floats] | Floats,
    shape_prior: Floats,
    covariance_prior: Floats,
) -> Mixture:
    """Return the posterior mixture of a curve.

    Parameters
    ----------
    log_error
        Logarithm of the errors, shape (K,).
    shapes
        Candidate shapes in logs, shape (S, K).
    covariances
        H matrices of shape (K, K), positive definite.
    shape_prior, covariance_prior
        Logarithms of prior mass, shapes (S,) and (H,); constants do not matter.
    """
    log_mass, candidates, slopes, level_sd = _pairs(
        log_error, shapes, covariances, covariance_prior
    )
    log_mass += shape_prior
    top = float(log_mass.max())
    log_mass -= top
    mass = np.exp(log_mass, out=log_mass)
    total = float(mass.sum())
    mass /= total
    cells = np.arange(len(shapes))
    return Mixture(mass, cells, candidates, slopes, level_sd, top + float(np.log(total)))


def busy_covariances(
    log_error: Floats,
    shapes: Floats,
    covariances: Sequence[Floats] | Floats,
    shape_prior: Floats,
    covariance_prior: Floats,
) -> np.ndarray:
    """Indices of the covariances that hold mass, found on a thinned set of shapes.

    All of them when there are few, as then nothing is saved.
    """
    if len(covariances) <= FEW:
        return np.arange(len(covariances))
    thin = slice(None, None, THINNING)
    rough = weigh(log_error, shapes[thin], covariances, shape_prior[thin], covariance_prior)
    return np.flatnonzero(rough.mass.sum(axis=1) > IDLE)


def pair_masses(
    log_error: Floats,
    shapes: Floats,
    covariances: Sequence[Floats] | Floats,
    covariance_prior: Floats,
) -> Floats:
    """Log likelihood of each (covariance, shape) plus the covariance's prior, (H, S)."""
    return _pairs(log_error, shapes, covariances, covariance_prior)[0]


def _pairs(
    log_error: Floats,
    shapes: Floats,
    covariances: Sequence[Floats] | Floats,
    covariance_prior: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Log mass of every pair before the shapes' prior, and the factors of its level.

    The residual of shape s is ``columns @ candidates[s]``; whitened by covariance h, and with
    its level taken out, its square is a sum over products of two candidates' weights.
    """
    basis, weights = _directions(shapes)
    candidates = np.column_stack([np.ones(len(shapes)), -weights])
    anchor = log_error[-1]  # products lose no digits to a level that is far from zero
    columns = np.column_stack([np.ones(len(log_error)), log_error - anchor, basis])
    upper = np.triu_indices(candidates.shape[1])
    twice = np.where(upper[0] == upper[1], 1.0, 2.0)
    squares = np.empty((len(covariances), len(twice)))
    slopes = np.empty((len(covariances), candidates.shape[1]))
    level_sd, constant = np.empty(len(covariances)), np.empty(len(covariances))
    for row, factor in enumerate(np.linalg.cholesky(np.asarray(covariances))):
        white = dtrtrs(factor.T, columns, trans=1)[0]  # lower triangle, as Fortran reads it
        one, rest = white[:, 0], white[:, 1:]
        precision = one @ one
        slopes[row], level_sd[row] = one @ rest / precision, precision**-0.5
        rest = rest - np.outer(one, slopes[row])
        squares[row] = (rest.T @ rest)[upper]
        constant[row] = -np.sum(np.log(np.diag(factor))) - 0.5 * np.log(precision)
    products = candidates[:, upper[0]] * candidates[:, upper[1]]
    log_mass = (-0.5 * twice * squares) @ products.T
    log_mass += (constant + covariance_prior)[:, None]
    slopes[:, 0] += anchor
    return log_mass, candidates, slopes, level_sd


def _directions(shapes: Floats) -> tuple[Floats, Floats]:
    """Orthonormal directions (K, r) that span the shapes, and their weights (S, r)."""
    values, vectors = np.linalg.eigh(shapes.T @ shapes)
    basis = vectors[:, values > RANK_TOLERANCE * max(float(values[-1]), 1e-300)]
    return basis, shapes @ basis
