"""Exact Gaussian-process regression where rows are pairs: 270,000 of them, say.

Rows are cells of a table of A sides (solutes) by B other sides (solvents), most of which is
empty. The kernel between two rows is the product of one kernel a side, so that

    K·v = pick(K_a · V · K_b),

where V is the table with v in the cells that rows have, and pick reads those cells back
("latent Kronecker structure": Lin et al. 2023, arXiv 2312.15305). One product costs
2·A·B·(A + B) operations whatever the number of rows, and conjugate gradients need nothing
else of K. They are preconditioned with regression on landmarks
(:mod:`forescale.learners.gp.lowrank`), which has the same structure, and with the exact
covariance of the rows of each left side.

Most of K is smooth: its largest eigenvalue is near n, while the noise to be resolved is
near 0.001, more apart than single precision reaches. So a kernel among sides is kept as
U·Uᵀ, of a few landmarks and in double precision, plus what is left, which is small enough
for single precision, and that is where the operations are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, cho_factor, cho_solve, solve_triangular

from forescale.learners.gp.lowrank import Landmarks

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
_MOST_STEPS = 300
_CHUNK = 512  # rows of a kernel among sides in double precision at a time
_MOST_EACH = 300  # rows of one side whose covariance is exact in the preconditioner
_BATCH = 2048  # rows of a batch of them


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

    def cells(self, left: Ints, right: Ints) -> Array:
        """The kernel between pairs of sides, arrays of one shape."""
        smooth = np.einsum("...q,...q->...", self.left[left], self.right[right])
        return np.asarray(smooth + self.rest[left, right])

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

    def to_landmarks(self, chosen: Ints, number: int) -> Array:
        """Kernel between some rows and the first ``number`` rows, shape (chosen, number)."""
        a, b = (side[chosen] for side in self.rows)
        first = [side[:number] for side in self.rows]
        (a, at_a), (b, at_b) = (np.unique(one, return_inverse=True) for one in (a, b))
        near = self.left.between(a, first[0])[at_a]
        near *= self.right.between(b, first[1])[at_b]
        return near


class Preconditioner:
    """Inverse of an approximation to A = (1 - w)·K + w·I that is near enough to guide steps.

    Rows of one left side (a solute in its solvents) have their covariance exactly; all
    others have that of their features on landmarks ("partially independent conditional":
    Snelson and Ghahramani 2007).

    Parameters
    ----------
    landmarks
        Factor of the kernel of the first rows.
    noise
        Share w of noise.
    """

    def __init__(self, rows: PairKernel, landmarks: Landmarks, noise: float) -> None:
        self._rows, self._landmarks = rows, landmarks
        rank = len(landmarks.factor)
        first = [side[:rank] for side in rows.rows]
        self._left, self._place = np.unique(first[0], return_inverse=True)
        self._right = first[1]
        self._near = rows.left.part(self._left, np.arange(len(rows.left)))
        self._blocks: list[tuple[Ints, Array]] = []
        gram: Array = np.zeros((rank, rank), order="F")
        for block in _blocks(rows.rows[0]):
            z = landmarks.features(rows.to_landmarks(block.ravel(), rank))
            z = z.reshape(*block.shape, rank)
            sides = rows.rows[1][block]
            near = rows.right.cells(sides[:, :, None], sides[:, None, :])
            within = (1.0 - noise) * (near - z @ z.transpose(0, 2, 1))
            within += noise * np.eye(block.shape[1])
            half = np.linalg.inv(np.linalg.cholesky(within))
            white = (half @ z).reshape(-1, rank)
            gram = blas.dsyrk(1.0, white.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
            self._blocks.append((block, half.transpose(0, 2, 1) @ half))
        gram.flat[:: rank + 1] += 1.0 / (1.0 - noise)
        self._factor = cho_factor(gram, lower=True, overwrite_a=True)

    def solve(self, values: Array) -> Array:
        """Apply to a vector, by the identity of Woodbury."""
        rows, factor = self._rows, self._landmarks.factor
        alone = self._within(values)
        seen = self._near.times(rows.right.times(rows.table(alone).T).T)
        moments = seen[self._place, self._right]
        inner = cho_solve(self._factor, solve_triangular(factor, moments, lower=True))
        weights = solve_triangular(factor, inner, lower=True, trans=1)
        shape = (len(self._left), len(rows.right))
        table = _table((self._place, self._right), weights, shape)
        explained = self._near.transposed_times(rows.right.times(table.T).T)[rows.rows]
        return alone - self._within(explained)

    def _within(self, values: Array) -> Array:
        """Apply the inverse of what rows of one side have beyond their features."""
        result = np.empty_like(values)
        for block, inverse in self._blocks:
            result[block] = np.einsum("cgh,ch->cg", inverse, values[block])
        return result


def _blocks(side: Ints) -> Iterator[Ints]:
    """Rows that share a side, in batches of as many each, shapes (count, each)."""
    order = np.argsort(side, kind="stable")
    ends = np.flatnonzero(np.diff(side[order], append=-1)) + 1
    parts = [
        order[start:stop]
        for first, last in pairwise([0, *ends])
        for start, stop in pairwise([*range(first, last, _MOST_EACH), last])
    ]
    sizes = np.array([len(part) for part in parts])
    for size in np.unique(sizes):
        chosen = np.flatnonzero(sizes == size)
        for batch in np.array_split(chosen, -(-len(chosen) * size // _BATCH)):
            yield np.stack([parts[index] for index in batch])


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
