"""Kernels of distances, their hyper-parameters, and what they are computed from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

KernelName = Literal["laplacian", "rbf", "matern32", "matern52"]

_RATES = {"laplacian": 1.0, "rbf": 1.0, "matern32": 3.0**0.5, "matern52": 5.0**0.5}
_PART = 1.0  # log odds against a part of a kernel, before any value
_KEPT = 4_000_000  # entries of a kernel that is kept for the next candidate


def kernel(
    name: KernelName, distances: NDArray[np.float32], lengths: tuple[float, ...]
) -> NDArray[np.float64]:
    """Kernel of distances, 1 at distance 0.

    Computed in double precision: in single, the last bits of exp depend on an array's layout.

    With several blocks it is the product of one kernel a block.

    Parameters
    ----------
    name
        ``laplacian`` exp(-d), ``rbf`` exp(-d²/2), or a Matérn kernel of smoothness 3/2
        or 5/2 (Rasmussen and Williams 2006, section 4.2), of the scaled distance d.
    distances
        One array a block, shape (blocks, ...).
    lengths
        Length scale of each block, in units of its distance.
    """
    return np.asarray(_kernel(name, distances, lengths, np.float64))


def fast_kernel(
    name: KernelName, distances: NDArray[np.float32], lengths: tuple[float, ...]
) -> NDArray[np.float32]:
    """:func:`kernel` in single precision, ten times as fast: for millions of rows."""
    return np.asarray(_kernel(name, distances, lengths, np.float32))


def _kernel(
    name: KernelName,
    distances: NDArray[np.float32],
    lengths: tuple[float, ...],
    dtype: type[np.float32] | type[np.float64],
) -> NDArray[np.floating]:
    total = np.zeros(distances.shape[1:], dtype)  # exponents add, polynomials multiply
    polynomial = None if name in {"laplacian", "rbf"} else np.ones_like(total)
    for distance, length in zip(distances, lengths, strict=True):
        d = distance.astype(dtype)
        d *= _RATES[name] / length
        if polynomial is None:
            total += d if name == "laplacian" else 0.5 * d * d
        else:
            total += d
            polynomial *= 1 + d if name == "matern32" else 1 + d + d * d / 3
    value = np.exp(np.negative(total, out=total), out=total)
    return np.asarray(value if polynomial is None else np.multiply(value, polynomial, out=value))


@dataclass(frozen=True)
class Candidate:
    """Hyper-parameters of a process.

    Parameters
    ----------
    lengths
        Length scale of each block, in units of its distance; infinite ones leave it out.
    noise
        Share of noise in the variance.
    linear
        Variance of the linear part beside the stationary one's 1; 0 is none.
    """

    lengths: tuple[float, ...]
    noise: float
    linear: float = 0.0

    @property
    def simple(self) -> float:
        """Log prior: parts that may be left out are, unless values speak for them."""
        return -_PART if self.linear else 0.0

    def notes(self, stage: str) -> dict[str, float]:
        """What a learner tells of its choice."""
        finite = [(b, one) for b, one in enumerate(self.lengths, start=1) if np.isfinite(one)]
        named = {f"{stage}_length_{block}": length for block, length in finite}
        return {**named, f"{stage}_linear": self.linear, f"{stage}_noise": self.noise}


@dataclass(frozen=True)
class Closeness:
    """What kernels between two sets of rows are made of.

    Parameters
    ----------
    distances
        Of each block, shape (blocks, left rows, right rows).
    left, right
        Features of the linear part, shapes (left rows, columns), (right rows, columns).
    """

    distances: NDArray[np.float32]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def corner(self, left: int, right: int) -> Closeness:
        """Of the first rows alone."""
        return Closeness(self.distances[:, :left, :right], self.left[:left], self.right[:right])

    def kernel(self, name: KernelName, candidate: Candidate) -> NDArray[np.float64]:
        """The stationary kernel, and the linear part if the candidate has one."""
        return self._kernel(kernel, name, candidate)

    def fast_kernel(self, name: KernelName, candidate: Candidate) -> NDArray[np.float64]:
        """:meth:`kernel` to single precision: for millions of rows."""
        return self._kernel(fast_kernel, name, candidate)

    def _kernel(
        self,
        of: Callable[..., NDArray[np.floating]],
        name: KernelName,
        candidate: Candidate,
    ) -> NDArray[np.float64]:
        key = (of, name, candidate.lengths)
        if self._kept.get("of") == key:
            k = np.array(self._kept["stationary"])
        else:
            used = np.isfinite(candidate.lengths)
            lengths = tuple(one for one in candidate.lengths if np.isfinite(one))
            distances = self.distances if used.all() else self.distances[used]
            k = np.asarray(of(name, distances, lengths), dtype=np.float64)
            if k.size <= _KEPT:  # candidates of one length follow each other
                self._kept.update(of=key, stationary=k.copy())
        if candidate.linear:
            k += candidate.linear * self._products()
        return k

    def _products(self) -> NDArray[np.float64]:
        """The linear part, of unit variance."""
        if "linear" in self._kept:
            return np.asarray(self._kept["linear"])
        found = self.left @ self.right.T
        if found.size <= _KEPT:
            self._kept["linear"] = found
        return np.asarray(found)
