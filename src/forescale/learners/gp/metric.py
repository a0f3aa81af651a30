"""Distances between rows of features.

Features are put on one scale first: real columns are standardised and clipped, counts
enter as square roots. Each block is divided by its median distance, so that the two have
fixed shares whatever their numbers of columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist, pdist

from forescale.learners.gp.kernels import KernelName

COUNT_SHARE = 0.2
"""Share of counts in the distance where a descriptor has both kinds of column."""

_CLIP = 4.0  # standard deviations; beyond, a descriptor says "unusual", not how much
_BENDS = (3.0, 1.0)  # the same from which the linear part goes on as the logarithm; of rare groups
_MAX_COUNT = 4096  # far above how often an environment occurs in a molecule
_BLOCK = 256  # rows of distances computed at a time by one thread
_SAMPLE = 500  # rows that fix a median distance


class Metric:
    """Distance between rows of features, scaled on reference rows.

    Parameters
    ----------
    reference
        Rows from which means, spreads and median distances are learnt, shape (rows, features).
    is_count
        Which features count something, shape (features,).
    name
        Kernel the distance is for: taxicab for ``laplacian``, Euclidean otherwise.
    """

    def __init__(
        self, reference: NDArray[np.float32], is_count: NDArray[np.bool_], name: KernelName
    ) -> None:
        self._slopes = 0.0
        self.is_count = is_count
        self.taxicab = name == "laplacian"
        self._as_it_is = False
        real = reference[:, ~is_count].astype(float)
        self._center = real.mean(axis=0)
        spread = real.std(axis=0)
        self._varies = spread > 1e-9 * np.maximum(1.0, np.abs(self._center))
        self._spread = np.where(self._varies, spread, 1.0)
        low, high = np.quantile(real, [0.25, 0.75], axis=0)
        self._bends = np.where(high > low, *_BENDS)
        sample = reference[
            np.linspace(0, len(reference) - 1, min(len(reference), _SAMPLE)).astype(int)
        ]
        scaled = self._transform(sample)
        medians = [_median(block, self._cdist_name) for block in (scaled.real, scaled.roots)]
        shares = (1.0 - COUNT_SHARE, COUNT_SHARE) if all(medians) else (1.0, 1.0)
        self._weights = [s / m if m > 0 else 0.0 for s, m in zip(shares, medians, strict=True)]
        self._slopes = self._linear_scale(sample)

    @classmethod
    def plain(cls, reference: NDArray[np.float32]) -> Metric:
        """Taxicab distance of features as they are, divided by its median."""
        features = reference.shape[1]
        metric = cls.__new__(cls)
        metric.is_count, metric.taxicab = np.zeros(features, dtype=bool), True
        metric._as_it_is = True
        metric._center, metric._spread = np.zeros(features), np.ones(features)
        metric._varies = np.ones(features, dtype=bool)
        metric._bends = np.ones(features)
        rows = np.linspace(0, len(reference) - 1, min(len(reference), _SAMPLE)).astype(int)
        median = _median(reference[rows].astype(float), "cityblock")
        metric._weights, metric._slopes = [1.0 / median if median > 0 else 0.0, 0.0], 0.0
        return metric

    def _linear_scale(self, sample: NDArray[np.float32]) -> float:
        """What makes the mean square of the linear features of some rows 1."""
        self._slopes = 1.0
        square = float(np.mean(np.sum(self.linear(sample) ** 2, axis=1)))
        return square**-0.5 if square > 0 else 0.0

    def linear(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Features whose products are the linear part of a kernel, shape (rows, columns).

        Standardised real columns, which go on as the logarithm far out (arsinh), those of
        groups that most materials lack sooner: one at thirty standard deviations would else
        have the weight of a thousand materials. Square roots of counts where there are only
        counts.
        """
        real = (rows[:, ~self.is_count] - self._center) / self._spread
        real = (self._bends * np.arcsinh(real / self._bends))[:, self._varies]
        if not real.shape[1]:
            real = np.sqrt(rows[:, self.is_count].astype(float))
        return np.asarray(self._slopes * real)

    def relearnt(self, reference: NDArray[np.float32]) -> Metric:
        """The same kind of metric, learnt from other rows."""
        if self._as_it_is:
            return Metric.plain(reference)
        return Metric(reference, self.is_count, "laplacian" if self.taxicab else "rbf")

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learnt from the reference rows, as arrays."""
        return {
            "is_count": self.is_count,
            "taxicab": np.array(self.taxicab),
            "center": self._center,
            "spread": self._spread,
            "varies": self._varies,
            "bends": self._bends,
            "weights": np.array(self._weights),
            "slopes": np.array(self._slopes),
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[Any]]) -> Metric:
        """The metric that gave the state."""
        metric = cls.__new__(cls)
        metric.is_count, metric.taxicab = state["is_count"], bool(state["taxicab"])
        metric._as_it_is = False  # a kept metric learns no more
        metric._center, metric._spread = state["center"], state["spread"]
        metric._varies = state["varies"]
        metric._bends = state.get("bends", np.ones(len(metric._center)))
        metric._weights = [float(weight) for weight in state["weights"]]
        metric._slopes = float(state.get("slopes", 0.0))  # models of the first release have none
        return metric

    @property
    def _cdist_name(self) -> str:
        return "cityblock" if self.taxicab else "sqeuclidean"

    def _transform(self, rows: NDArray[np.float32]) -> _Scaled:
        real = (rows[:, ~self.is_count] - self._center) / self._spread
        real = np.clip(real[:, self._varies], -_CLIP, _CLIP)
        return _Scaled(real, np.sqrt(rows[:, self.is_count].astype(float)))

    def between(self, left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distances, shape (rows of left, rows of right)."""
        out = np.empty((len(left), len(right)), dtype=np.float32)
        self.fill_between(left, right, out)
        return out

    def fill_between(
        self,
        left: NDArray[np.float32],
        right: NDArray[np.float32],
        out: NDArray[np.float32],
        threads: int = 1,
    ) -> None:
        """Write distances into ``out``, shape (rows of left, rows of right), by blocks."""
        scaled = self._transform(right)

        def fill(start: int) -> None:
            stop = start + _BLOCK
            out[start:stop] = self._distances(self._transform(left[start:stop]), scaled)

        _ = scaled.steps if self._weights[1] and self.taxicab else None  # once, not by each thread
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, range(0, len(left), _BLOCK)))

    def fill_pairwise(
        self, rows: NDArray[np.float32], out: NDArray[np.float32], threads: int = 1
    ) -> None:
        """Write the distances among rows into ``out``, shape (rows, rows), by blocks."""
        scaled = self._transform(rows)

        def fill(start: int) -> None:
            stop = start + _BLOCK
            block = self._distances(scaled.part(start, stop), scaled.part(start, len(rows)))
            out[start:stop, start:] = block
            out[start:, start:stop] = block.T

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, range(0, len(rows), _BLOCK)))

    def _distances(self, left: _Scaled, right: _Scaled) -> NDArray[np.float32]:
        total = np.zeros((len(left.real), len(right.real)))
        if self._weights[0]:
            total += self._weights[0] * cdist(left.real, right.real, self._cdist_name)
        if self._weights[1] and self.taxicab:
            total += self._weights[1] * left.count_taxicab(right)
        elif self._weights[1]:
            total += self._weights[1] * cdist(left.roots, right.roots, self._cdist_name)
        return (total if self.taxicab else np.sqrt(total)).astype(np.float32)


class Anchors:
    """Rows that distances are taken to, put on the metric's scale once.

    Parameters
    ----------
    metric
        Measures the distance.
    values
        Features of the rows, shape (anchors, features).
    """

    def __init__(self, metric: Metric, values: NDArray[np.float32]) -> None:
        self.metric, self.values = metric, values
        self._scaled = metric._transform(values)

    def distances(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distances from other rows, shape (rows, anchors)."""
        return self.metric._distances(self.metric._transform(rows), self._scaled)

    @cached_property
    def linear(self) -> NDArray[np.float64]:
        """Features of the rows for a kernel's linear part, shape (anchors, columns)."""
        return self.metric.linear(self.values)

    def state(self) -> dict[str, NDArray[Any]]:
        """Features and metric as arrays."""
        return {"values": self.values, **self.metric.state()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[Any]]) -> Anchors:
        """The anchors that gave the state."""
        return cls(Metric.restore(state), state["values"])


@dataclass(frozen=True)
class _Scaled:
    """Rows on one scale: real columns standardised, counts as square roots."""

    real: NDArray[np.float64]
    roots: NDArray[np.float64]

    @cached_property
    def steps(self) -> sparse.csr_array:
        """Square roots as sums of steps √t - √(t-1), one column per (feature, t)."""
        rows, features = np.nonzero(self.roots)
        counts = np.rint(self.roots[rows, features] ** 2).astype(int)
        owner = np.repeat(np.arange(len(counts)), counts)
        step = np.arange(counts.sum()) - (np.cumsum(counts) - counts)[owner] + 1
        value = np.sqrt(np.sqrt(step) - np.sqrt(step - 1))
        column = features[owner] * _MAX_COUNT + np.minimum(step, _MAX_COUNT) - 1
        return sparse.csr_array(
            (value, (rows[owner], column)),
            shape=(len(self.roots), self.roots.shape[1] * _MAX_COUNT),
        )

    @cached_property
    def across(self) -> sparse.csr_array:
        """The steps with rows and columns exchanged: found once for all that are compared."""
        return self.steps.T.tocsr()

    def part(self, start: int, stop: int) -> _Scaled:
        """Some of the rows, with their steps."""
        part = _Scaled(self.real[start:stop], self.roots[start:stop])
        part.__dict__["steps"] = self.steps[start:stop]  # a slice is cheap, finding steps is not
        return part

    def count_taxicab(self, other: _Scaled) -> NDArray[np.float64]:
        """Taxicab distance of sparse square-root counts.

        |a - b| = a + b - 2·min(a, b), and min(√p, √q) is the sum over t ≤ min(p, q) of
        √t - √(t-1): a product of sparse matrices.
        """
        total = self.roots.sum(axis=1)[:, None] + other.roots.sum(axis=1)[None, :]
        return np.asarray(total - 2.0 * (self.steps @ other.across).toarray())


def _median(block: NDArray[np.float64], metric: str) -> float:
    return float(np.median(pdist(block, metric))) if block.shape[1] and len(block) > 1 else 0.0
