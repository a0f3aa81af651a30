"""The trained Gaussian-process model: what a study hands over to predict new materials.

It keeps the features of the training rows, the kernel's hyper-parameters and the weights of
each row; factors of the measured rows' covariance are computed again when it is restored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from forescale.learners._base import Floats, Ints, ModelPrediction, ModelState, NewBlock
from forescale.learners._stages import TrainedStage
from forescale.learners.kernels import Anchors, KernelName, kernel
from forescale.learners.prefix import PrefixGP

_ENTRIES = 2_000_000  # of the kernel matrix between new and training rows held at a time

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class KernelMean:
    """The mean of a Gaussian process: H·beta + (1 - w)·k(x, X)·weights.

    Parameters
    ----------
    sides
        Which anchor of each block each training row has, shape (blocks, rows).
    lengths, noise
        Length scale of each block, and the share w of noise.
    weights
        Shape (rows,).
    coefficients
        beta, shape (p,).
    """

    sides: Ints
    lengths: tuple[float, ...]
    noise: float
    weights: Floats
    coefficients: Floats

    @classmethod
    def of(cls, stage: TrainedStage, sides: Ints) -> KernelMean:
        """Keep the mean of a trained stage."""
        lengths, noise = stage.candidate
        weights = stage.gp.weights(stage.fit)[:, -1]
        return cls(sides, lengths, noise, weights, stage.fit.coefficients[-1])

    def kernel(self, name: KernelName, distances: list[NDArray[np.float32]]) -> Floats:
        """Kernel with the training rows, from each block's distances to its anchors."""
        chosen = [d[:, side] for d, side in zip(distances, self.sides, strict=True)]
        return kernel(name, np.stack(chosen), self.lengths)

    def mean(self, k: Floats, basis: Floats) -> Floats:
        """Means of new rows with this kernel and basis, shape (rows,)."""
        return np.asarray(basis @ self.coefficients + (1.0 - self.noise) * (k @ self.weights))

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and settings."""
        arrays = {"sides": self.sides, "weights": self.weights, "coefficients": self.coefficients}
        return arrays, {"lengths": list(self.lengths), "noise": self.noise}

    @classmethod
    def restore(cls, arrays: Arrays, settings: Mapping[str, Any]) -> KernelMean:
        """The mean that gave the state."""
        lengths = tuple(float(length) for length in settings["lengths"])
        noise = float(settings["noise"])
        return cls(arrays["sides"], lengths, noise, arrays["weights"], arrays["coefficients"])


@dataclass(frozen=True)
class KernelPosterior:
    """A mean with its variance; for the measured rows, which are few.

    Parameters
    ----------
    average
        The mean.
    scale2, covariance
        s², and the covariance of beta divided by it, shape (p, p).
    white_basis
        L⁻¹H of the training rows, shape (rows, p).
    factor
        L, the lower Cholesky factor of their covariance, shape (rows, rows).
    """

    average: KernelMean
    scale2: float
    covariance: Floats
    white_basis: Floats
    factor: Floats

    @classmethod
    def of(cls, stage: TrainedStage, sides: Ints) -> KernelPosterior:
        """Keep a trained stage."""
        fit = stage.fit
        return cls(
            KernelMean.of(stage, sides),
            float(fit.scale2[-1]),
            fit.covariance[-1],
            fit.white_basis,
            stage.gp.factor,
        )

    def variance(self, k: Floats, basis: Floats) -> Floats:
        """Variances of new measurements, shape (rows,); see :meth:`PrefixGP.variance`."""
        signal = 1.0 - self.average.noise
        white = solve_triangular(self.factor, signal * k.T, lower=True, check_finite=False)
        gap = basis - white.T @ self.white_basis
        mean_part = np.einsum("tp,pq,tq->t", gap, self.covariance, gap)
        spread = np.maximum(signal - np.einsum("mt,mt->t", white, white), 0.0) + mean_part
        return np.asarray(self.scale2 * (spread + self.average.noise))

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and settings."""
        arrays, settings = self.average.state()
        arrays |= {"covariance": self.covariance, "white_basis": self.white_basis}
        return arrays, settings | {"scale2": self.scale2}

    @classmethod
    def restore(
        cls, arrays: Arrays, settings: Mapping[str, Any], name: KernelName, anchors: list[Anchors]
    ) -> KernelPosterior:
        """The posterior that gave the state."""
        average = KernelMean.restore(arrays, settings)
        used = [np.unique(side, return_inverse=True) for side in average.sides]
        within = []
        for anchor, (sides, place) in zip(anchors, used, strict=True):
            rows = Anchors(anchor.metric, anchor.values[sides])
            within.append(rows.distances(rows.values)[np.ix_(place, place)])
        gp = PrefixGP(
            kernel(name, np.stack(within), average.lengths), average.noise, overwrite=True
        )
        scale2 = float(settings["scale2"])
        return cls(average, scale2, arrays["covariance"], arrays["white_basis"], gp.factor)


@dataclass(frozen=True)
class GPModel:
    """Both stages, trained; implements :class:`~forescale.learners.TrainedModel`.

    Parameters
    ----------
    kernel
        Its name.
    anchors
        Distinct sides of the training rows, for each block.
    source
        The computed values' mean, of which (mean - ``location``) / ``scale`` enters the
        target stage.
    scratch, transfer
        Models of the measured values without and with the source.
    transfer_weight
        Share of the latter.
    """

    kernel: KernelName
    anchors: list[Anchors]
    source: KernelMean
    location: float
    scale: float
    scratch: KernelPosterior
    transfer: KernelPosterior
    transfer_weight: float

    def predict(self, blocks: Sequence[NewBlock]) -> ModelPrediction:
        """See :class:`~forescale.learners.TrainedModel`."""
        rows = len(blocks[0].rows)
        mean, std = np.empty(rows), np.empty(rows)
        widest = max(self.source.sides.shape[1], *(len(a.values) for a in self.anchors))
        step = max(1, _ENTRIES // widest)
        for start in range(0, rows, step):
            part = slice(start, start + step)
            mean[part], std[part] = self._predict([(b.values, b.rows[part]) for b in blocks])
        return ModelPrediction(mean, std)

    def _predict(self, sides: list[tuple[NDArray[np.float32], Ints]]) -> tuple[Floats, Floats]:
        distances = []
        for anchor, (values, rows) in zip(self.anchors, sides, strict=True):
            distinct, place = np.unique(rows, return_inverse=True)
            distances.append(anchor.distances(values[distinct])[place])
        one = np.ones((len(distances[0]), 1))
        computed = self.source.mean(self.source.kernel(self.kernel, distances), one)
        both = np.column_stack([one, (computed - self.location) / self.scale])
        (scratch, v0), (transfer, v1) = (
            self._target(model, distances, basis)
            for model, basis in ((self.scratch, one), (self.transfer, both))
        )
        w, gap = self.transfer_weight, transfer - scratch
        variance = w * v1 + (1 - w) * v0 + w * (1 - w) * gap**2
        return w * transfer + (1 - w) * scratch, np.sqrt(variance)

    def _target(
        self, model: KernelPosterior, distances: list[NDArray[np.float32]], basis: Floats
    ) -> tuple[Floats, Floats]:
        k = model.average.kernel(self.kernel, distances)
        return model.average.mean(k, basis), model.variance(k, basis)

    def state(self) -> ModelState:
        """See :class:`~forescale.learners.TrainedModel`."""
        arrays: Arrays = {}
        settings: dict[str, Any] = {
            "kernel": self.kernel,
            "location": self.location,
            "scale": self.scale,
            "transfer_weight": self.transfer_weight,
            "blocks": len(self.anchors),
        }
        for place, anchor in enumerate(self.anchors):
            arrays |= {f"anchors_{place}.{key}": value for key, value in anchor.state().items()}
        for part in ("source", "scratch", "transfer"):
            kept, settings[part] = getattr(self, part).state()
            arrays |= {f"{part}.{key}": value for key, value in kept.items()}
        return ModelState(arrays, settings)

    @classmethod
    def restore(cls, state: ModelState) -> GPModel:
        """The model that gave the state."""

        def part(name: str) -> Arrays:
            head = f"{name}."
            return {k.removeprefix(head): v for k, v in state.arrays.items() if k.startswith(head)}

        given = state.settings
        anchors = [Anchors.restore(part(f"anchors_{place}")) for place in range(given["blocks"])]
        scratch, transfer = (
            KernelPosterior.restore(part(name), given[name], given["kernel"], anchors)
            for name in ("scratch", "transfer")
        )
        return cls(
            given["kernel"],
            anchors,
            KernelMean.restore(part("source"), given["source"]),
            float(given["location"]),
            float(given["scale"]),
            scratch,
            transfer,
            float(given["transfer_weight"]),
        )
