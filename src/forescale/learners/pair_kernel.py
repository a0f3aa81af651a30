"""Exact Gaussian-process regression where rows are pairs: 270,000 of them, say.

Rows are cells of a table of A sides (solutes) by B other sides (solvents), most of which is
empty. The kernel between two rows is the product of one kernel a side, so that

    K·v = pick(K_a · V · K_b),

where V is the table with v in the cells that rows have, and pick reads those cells back
("latent Kronecker structure": Lin et al. 2023, arXiv 2312.15305). One product costs
2·A·B·(A + B) operations whatever the number of rows, and conjugate gradients need nothing
else of K. They are preconditioned with regression on landmarks
(:mod:`forescale.learners.lowrank`), which has the same structure.

Most of K is smooth: its largest eigenvalue is near n, while the noise to be resolved is
near 0.001, more apart than single precision reaches. So a kernel among sides is kept as
U·Uᵀ, of a few landmarks and in double precision, plus what is left, which is small enough
for single precision, and that is where the operations are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from forescale.learners.lowrank import Landmarks, Sums

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
_MOST_STEPS = 300
_CHUNK = 512  # rows of a kernel among sides in double precision at a time


@dataclass(frozen=True)
class SideKernel:
    """Kernel between some sides and others: smooth part and rest.

    Parameters
    ----------
    left, right
        Factors of the smooth part, shapes (A, q) and (B, q).
    rest
        What they leave, shape (A, B), in the precision of products with it.
    """

    left: Array
    right: Array
    rest: NDArray[np.floating]

    @classmethod
    def among(cls, kernel: Callable[[Ints], Array], sides: int, *, rank: int) -> SideKernel:
        """Split a kernel among sides.

        Parameters
        ----------
        kernel
            Of some sides to all, in double precision.
        rank
            Landmarks of the smooth part; 0 keeps the kernel whole, in double precision.
        """
        if rank == 0:
            none = np.empty((sides, 0))
            return cls(none, none, kernel(np.arange(sides)))
        chosen = np.linspace(0, sides - 1, min(rank, sides)).astype(np.int64)
        near = kernel(chosen)
        smooth = Landmarks(near[:, chosen]).features(near.T)
        rest = np.empty((sides, sides), dtype=np.float32)
        for start in range(0, sides, _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, sides))
            rest[rows] = kernel(rows) - smooth[rows] @ smooth.T
        return cls(smooth, smooth, rest)

    def __len__(self) -> int:
        return len(self.left)

    def part(self, left: Ints, right: Ints) -> SideKernel:
        """Between some of the sides and some of the others."""
        rest = np.ascontiguousarray(self.rest[np.ix_(left, right)])
        return SideKernel(self.left[left], self.right[right], rest)

    def times(self, table: Array) -> Array:
        """Product with a table, shape (B, c) → (A, c)."""
        rest = self.rest @ table.astype(self.rest.dtype)
        return np.asarray(self.left @ (self.right.T @ table) + rest)

    def transposed_times(self, table: Array) -> Array:
        """Product of the transpose with a table, shape (A, c) → (B, c)."""
        rest = self.rest.T @ table.astype(self.rest.dtype)
        return np.asarray(self.right @ (self.left.T @ table) + rest)

    def between(self, left: Ints, right: Ints) -> Array:
        """The kernel itself, shape (left, right)."""
        smooth = self.left[left] @ self.right[right].T
        return np.asarray(smooth + self.rest[np.ix_(left, right)])


@dataclass(frozen=True)
class PairKernel:
    """Kernel of rows that are pairs of sides.

    Parameters
    ----------
    left, right
        Kernels among the sides, of A and of B of them.
    rows
        Which two sides each row has, shapes (n,).
    """

    left: SideKernel
    right: SideKernel
    rows: tuple[Ints, Ints]

    @classmethod
    def of_rows(cls, left: SideKernel, right: SideKernel, rows: tuple[Ints, Ints]) -> PairKernel:
        """Keep the sides that rows have."""
        (a, at_a), (b, at_b) = (np.unique(one, return_inverse=True) for one in rows)
        return cls(left.part(a, a), right.part(b, b), (at_a, at_b))

    def table(self, values: Array) -> Array:
        """Values of rows in the table of sides, summed where rows have the same, shape (A, B)."""
        return _table(self.rows, values, (len(self.left), len(self.right)))

    def times(self, values: Array) -> Array:
        """K·v, shape (n,)."""
        table = self.right.times(self.table(values).T).T
        return np.asarray(self.left.times(table)[self.rows])

    def to_landmarks(self, start: int, stop: int, number: int) -> Array:
        """Kernel between some rows and the first ``number`` rows, shape (stop - start, number)."""
        a, b = (side[start:stop] for side in self.rows)
        first = [side[:number] for side in self.rows]
        (a, at_a), (b, at_b) = (np.unique(one, return_inverse=True) for one in (a, b))
        near = self.left.between(a, first[0])[at_a]
        near *= self.right.between(b, first[1])[at_b]
        return near


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
        self._near = rows.left.part(self._left, np.arange(len(rows.left)))
        gram = sums.whitened(landmarks, rank)
        gram.flat[:: rank + 1] += diagonal / signal
        self._factor = cho_factor(gram, lower=True, overwrite_a=True)

    def solve(self, values: Array) -> Array:
        """Apply to a vector, by the identity of Woodbury."""
        rows, factor = self._rows, self._landmarks.factor
        seen = self._near.times(rows.right.times(rows.table(values).T).T)
        moments = seen[self._place, self._right]
        inner = cho_solve(self._factor, solve_triangular(factor, moments, lower=True))
        weights = solve_triangular(factor, inner, lower=True, trans=1)
        shape = (len(self._left), len(rows.right))
        table = _table((self._place, self._right), weights, shape)
        explained = self._near.transposed_times(rows.right.times(table.T).T)[rows.rows]
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


def _table(cells: tuple[Ints, Ints], values: Array, shape: tuple[int, int]) -> Array:
    """Values in the cells of a table, summed where they are the same."""
    flat = np.bincount(cells[0] * shape[1] + cells[1], values, minlength=shape[0] * shape[1])
    return np.asarray(flat.reshape(shape), dtype=np.float64)
