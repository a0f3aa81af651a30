"""How well whole groups of values are foreseen from the others: of materials of a new kind.

Where groups are tested that no measured value of training is from, the evidence of a model is
mostly of other members of a group that was seen before, and trusts what tells those. The
probability of each group given all the others (cross-validation by groups, in closed form:
Rasmussen and Williams 2006, section 5.4.2, with blocks in place of single values) is of what is
asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from forescale.learners.gp.prefix import Array, Prior

FEWEST_GROUPS = 5
"""Groups in a prefix without which it is not asked."""


def held_out(
    inverse: Array,
    white_y: Array,
    white_basis: Array,
    prior: Prior,
    sizes: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> Array:
    """Log probabilities of each group given the others, summed, of many models of one covariance.

    With Q = A⁻¹ - A⁻¹·H·(Hᵀ·A⁻¹·H + P)⁻¹·Hᵀ·A⁻¹, a group R differs from what the rest says of
    it by e = (Q_RR)⁻¹·(Q·(y - H·b))_R, whose covariance is s²·(Q_RR)⁻¹; s² is at its estimate.

    Parameters
    ----------
    inverse
        L⁻¹ of their covariance, of the largest size at least, shape (N, N).
    white_y, white_basis, prior, sizes
        As of :func:`~forescale.learners.gp.prefix.evidence`.
    groups
        Group of each row, shape (N,) or longer.

    Returns
    -------
    array
        Shape (models, S); NaN where a prefix has too few groups.
    """
    found = np.full((len(white_basis), len(sizes)), np.nan)
    for place, size in enumerate(np.asarray(sizes).tolist()):
        own = groups[:size]
        if len(np.unique(own)) >= FEWEST_GROUPS:
            basis = np.moveaxis(white_basis[:, :size], 1, 0)
            found[:, place] = _of_prefix(inverse[:size, :size], white_y[:size], basis, prior, own)
    return found


def _of_prefix(
    inverse: Array, white_y: Array, basis: Array, prior: Prior, groups: NDArray[np.int64]
) -> Array:
    """Of one prefix; the whitened basis has shape (n, models, p)."""
    size, models, width = basis.shape
    gram = np.einsum("nmp,nmq->mpq", basis, basis) + np.diag(prior.precision)
    rest = white_y[:, None] - np.einsum("nmp,mp->nm", basis, prior.mean)
    beta = np.linalg.solve(gram, np.einsum("nmp,nm->mp", basis, rest)[..., None])[..., 0]
    rest -= np.einsum("nmp,mp->nm", basis, beta)
    along = (inverse.T @ basis.reshape(size, -1)).reshape(size, models, width)
    misfit = inverse.T @ rest
    squares, half_log_det = np.zeros(models), np.zeros(models)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        columns = inverse[rows[0] :, rows]
        factor = np.linalg.cholesky(columns.T @ columns)
        both = np.column_stack([along[rows].reshape(len(rows), -1), misfit[rows]])
        white = solve_triangular(factor, both, lower=True, check_finite=False)
        part, error = white[:, :-models].reshape(len(rows), models, width), white[:, -models:]
        # (Q_RR)⁻¹ and its determinant by the identity of Woodbury.
        left = gram - np.einsum("rmp,rmq->mpq", part, part)
        pull = np.einsum("rmp,rm->mp", part, error)
        squares += np.sum(error**2, axis=0)
        squares += np.sum(pull * np.linalg.solve(left, pull[..., None])[..., 0], axis=1)
        half_log_det += np.log(np.diag(factor)).sum()
        half_log_det += 0.5 * (np.linalg.slogdet(left)[1] - np.linalg.slogdet(gram)[1])
    scale2 = np.maximum(squares / size, np.finfo(float).tiny)
    return np.asarray(half_log_det - 0.5 * size * (np.log(2 * np.pi * scale2) + 1.0))
