"""Exact Gaussian-process regression where rows are pairs: 270,000 of them, say.

Rows are cells of a table of A sides (solutes) by B other sides (solvents), most of which is
empty. The kernel between two rows is the product of one kernel a side, so that

    K·v = pick(K_a · V · K_b),

where V is the table with v in the cells that rows have, and pick reads those cells back
("latent Kronecker structure": Lin et al. 2023, arXiv 2312.15305). One product costs
2·A·B·(A + B) operations whatever the number of rows, and conjugate gradients need nothing
else of K. They are preconditioned with regression on landmarks
(:mod:`forescale.learners.lowrank`), which has the same structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from forescale.learners.lowrank import Landmarks, Sums

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Side = NDArray[np.floating]

_MOST_STEPS = 300


@dataclass(frozen=True)
class PairKernel:
    """Kernel of rows that are pairs of sides.

    Parameters
    ----------
    left, right
        Kernels among the sides, shapes (A, A) and (B, B). Their precision is that of the
        products.
    rows
        Which two sides each row has, shapes (n,).
    """

    left: Side
    right: Side
    rows: tuple[Ints, Ints]

    @classmethod
    def of_rows(cls, left: Side, right: Side, rows: tuple[Ints, Ints]) -> PairKernel:
        """Keep the sides that rows have."""
        sides, places = zip(*(np.unique(one, return_inverse=True) for one in rows), strict=True)
        return cls(_among(left, sides[0]), _among(right, sides[1]), (places[0], places[1]))

    def table(self, values: Array) -> Side:
        """Values of rows in the table of sides, summed where rows have the same, shape (A, B)."""
        shape = (len(self.left), len(self.right))
        cells = self.rows[0] * shape[1] + self.rows[1]
        flat = np.bincount(cells, values, minlength=shape[0] * shape[1])
        return np.asarray(flat.astype(self.left.dtype).reshape(shape))

    def times(self, values: Array) -> Array:
        """K·v, shape (n,)."""
        return self._pick(self.left @ (self.table(values) @ self.right))

    def _pick(self, table: Side) -> Array:
        return np.asarray(table[self.rows], dtype=np.float64)

    def to_landmarks(self, start: int, stop: int, number: int) -> Array:
        """Kernel between some rows and the first ``number`` rows, shape (stop - start, number)."""
        a, b = (side[start:stop] for side in self.rows)
        first = [side[:number] for side in self.rows]
        near = self.left[np.ix_(a, first[0])] * self.right[np.ix_(b, first[1])]
        return np.asarray(near, dtype=np.float64)


class Preconditioner:
    """Inverse of (1 - w)·Z·Zᵀ + d·I, Z the features of rows on landmarks.

    Parameters
    ----------
    landmarks, sums
        Factor of the first rows' kernel, and what was summed over all rows.
    signal, diagonal
        1 - w and d. What landmarks do not explain belongs in d, beside the noise.
    """

    def __init__(
        self, rows: PairKernel, landmarks: Landmarks, sums: Sums, signal: float, diagonal: float
    ) -> None:
        self._rows, self._landmarks, self._diagonal = rows, landmarks, diagonal
        rank = len(landmarks.factor)
        first = [side[:rank] for side in rows.rows]
        self._left, self._place = np.unique(first[0], return_inverse=True)
        self._right = first[1]
        self._near = np.ascontiguousarray(rows.left[self._left])
        gram = sums.whitened(landmarks, rank)
        gram.flat[:: rank + 1] += diagonal / signal
        self._factor = cho_factor(gram, lower=True, overwrite_a=True)

    def solve(self, values: Array) -> Array:
        """Apply to a vector, by the identity of Woodbury."""
        rows, factor = self._rows, self._landmarks.factor
        seen = self._near @ (rows.table(values) @ rows.right)
        moments = seen[self._place, self._right].astype(np.float64)
        inner = cho_solve(self._factor, solve_triangular(factor, moments, lower=True))
        weights = solve_triangular(factor, inner, lower=True, trans=1)
        shape = (len(self._left), len(rows.right))
        flat = np.bincount(
            self._place * shape[1] + self._right, weights, minlength=shape[0] * shape[1]
        )
        table = flat.astype(rows.left.dtype).reshape(shape) @ rows.right
        explained = (self._near.T @ table)[rows.rows]
        return np.asarray((values - explained) / self._diagonal)


@dataclass(frozen=True)
class Solution:
    """x with A·x = y after so many steps, and what is left of y relative to w·x."""

    weights: Array
    residual: float
    steps: int


def solve(
    rows: PairKernel,
    noise: float,
    y: Array,
    preconditioner: Preconditioner,
    start: Array,
    tolerance: float,
) -> Solution:
    """Conjugate gradients for ((1 - w)·K + w·I)·x = y.

    Parameters
    ----------
    y, start
        Right side and first guess, shapes (n,).
    tolerance
        Norm of the residual at which to stop, relative to w·x: what the solution itself
        leaves of y as noise.
    """

    def product(values: Array) -> Array:
        return np.asarray((1.0 - noise) * rows.times(values) + noise * values)

    if not y.any():
        return Solution(np.zeros(len(y)), 0.0, 0)
    x = start.copy()
    residual = y - product(x)
    direction, size = np.zeros(len(y)), 1.0
    for step in range(_MOST_STEPS):
        if np.linalg.norm(residual) <= tolerance * noise * np.linalg.norm(x):
            break
        pulled = preconditioner.solve(residual)
        last, size = size, float(residual @ pulled)
        direction = pulled + (size / last) * direction if step else pulled
        along = product(direction)
        length = size / float(direction @ along)
        x += length * direction
        residual -= length * along
    left = np.linalg.norm(residual) / (noise * np.linalg.norm(x))
    return Solution(x, float(left), step)


def _among(kernel: Side, sides: Ints) -> Side:
    return np.ascontiguousarray(kernel[np.ix_(sides, sides)])
