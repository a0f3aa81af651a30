"""The trained model of two stages: what a study hands over to predict new materials.

It keeps the features of the training rows, the kernels' hyper-parameters and the weights of
each row (of trees, their splits); factors of the measured rows' covariance are computed
again when it is restored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from forescale.learners.contract import Floats, Ints, ModelPrediction, ModelState, NewBlock
from forescale.learners.gp.distances import SideDistances
from forescale.learners.gp.form import Form
from forescale.learners.gp.kernels import Closeness, KernelName
from forescale.learners.gp.metric import Anchors
from forescale.learners.gp.prefix import PrefixGP
from forescale.learners.gp.source import Anchored, Arrays, KernelMean, SourceMean
from forescale.learners.gp.target import TrainedTarget

_ENTRIES = 2_000_000  # of the kernel matrix between new and training rows held at a time

Restorer = Callable[[Arrays, Mapping[str, Any]], SourceMean]


@dataclass(frozen=True)
class KernelPosterior:
    """A model of the measured values: its mean with its variance.

    Parameters
    ----------
    form, weight
        How source stages enter it, and its share in the average.
    average
        The mean.
    scale2, covariance
        s², and the covariance of beta divided by it, shape (p, p).
    white_basis
        L⁻¹H of the training rows, shape (rows, p).
    factor
        L, the lower Cholesky factor of their covariance, shape (rows, rows).
    """

    form: Form
    weight: float
    average: KernelMean
    scale2: float
    covariance: Floats
    white_basis: Floats
    factor: Floats

    @classmethod
    def of(cls, stage: TrainedTarget, sides: Ints) -> KernelPosterior:
        """Keep a trained model; ``sides`` are the anchors of its rows."""
        fit = stage.fit
        weights = stage.gp.weights(fit)[0][:, -1]
        return cls(
            stage.form,
            stage.weight,
            KernelMean(sides, stage.candidate, weights, fit.coefficients[-1]),
            float(fit.scale2[-1]),
            fit.covariance[-1],
            fit.white_basis,
            stage.gp.factor,
        )

    def predict(self, near: Closeness, name: KernelName, columns: Floats) -> tuple[Floats, Floats]:
        """Means and variances of new measurements; see :meth:`PrefixGP.variance`.

        Parameters
        ----------
        columns
            Standardised predictions of the source stages, shape (rows, K).
        """
        candidate = self.average.candidate
        k = near.kernel(name, candidate)
        basis = self.form.basis(columns)
        signal = 1.0 - candidate.noise
        white = solve_triangular(self.factor, signal * k.T, lower=True, check_finite=False)
        gap = basis - white.T @ self.white_basis
        mean_part = np.einsum("tp,pq,tq->t", gap, self.covariance, gap)
        own = signal * (1.0 + candidate.linear * np.sum(near.left**2, axis=1))
        spread = np.maximum(own - np.einsum("mt,mt->t", white, white), 0.0) + mean_part
        return self.average.mean(k, basis), self.scale2 * (spread + candidate.noise)

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and settings."""
        arrays, settings = self.average.state()
        arrays |= {"covariance": self.covariance, "white_basis": self.white_basis}
        own = {"scale2": self.scale2, "columns": list(self.form.columns), "weight": self.weight}
        return arrays, settings | own | {"bent": self.form.bent}

    @classmethod
    def restore(
        cls,
        arrays: Arrays,
        settings: Mapping[str, Any],
        name: KernelName,
        anchors: tuple[Anchors, ...],
        described: int,
    ) -> KernelPosterior:
        """The posterior that gave the state."""
        average = KernelMean.restore(arrays, settings)
        used = [np.unique(side, return_inverse=True) for side in average.sides]
        own = list(zip(anchors, used, strict=True))
        rows = Anchored(
            tuple(Anchors(a.metric, a.values[sides]) for a, (sides, _) in own),
            tuple(a.values[sides] for a, (sides, _) in own),
            tuple(place for _, (_, place) in own),
            described,
        )
        within = rows.closeness(np.stack([place for _, place in used]))
        k = within.kernel(name, average.candidate)
        gp = PrefixGP(k, average.candidate.noise, overwrite=True)
        return cls(
            Form(tuple(int(one) for one in settings["columns"]), bool(settings.get("bent"))),
            float(settings["weight"]),
            average,
            float(settings["scale2"]),
            arrays["covariance"],
            arrays["white_basis"],
            gp.factor,
        )


@dataclass(frozen=True)
class TransferModel:
    """Both stages, trained; implements :class:`~forescale.learners.TrainedModel`.

    Parameters
    ----------
    kernel
        Its name.
    anchors
        Distinct sides of the training rows, for each block; the last ``len(anchors) -
        described`` are of the blocks that only the second stage has.
    described
        Blocks of the materials' features.
    sources
        First stages, of which (mean - ``location``) / ``scale`` enter the second; one of each
        for a stage, shape (stages,).
    targets
        Models of the measured values that are averaged.
    """

    kernel: KernelName
    anchors: tuple[Anchors, ...]
    described: int
    sources: tuple[SourceMean, ...]
    location: Floats
    scale: Floats
    targets: tuple[KernelPosterior, ...]

    def predict(self, blocks: Sequence[NewBlock]) -> ModelPrediction:
        """See :class:`~forescale.learners.TrainedModel`."""
        rows = len(blocks[0].rows)
        sides = [(block.values, block.rows) for block in blocks]
        if len(self.anchors) > self.described:
            sides += [(b.cumulative, b.rows) for b in blocks if b.cumulative is not None]
        if len(sides) != len(self.anchors):
            raise ValueError(
                f"got {len(sides)} blocks of features, expected {len(self.anchors)}, as in training"
            )
        mean, std = np.empty(rows), np.empty(rows)
        widest = max(len(anchor.values) for anchor in self.anchors)
        step = max(1, _ENTRIES // widest)
        for start in range(0, rows, step):
            part = slice(start, start + step)
            mean[part], std[part] = self._predict([(v, own[part]) for v, own in sides])
        return ModelPrediction(mean, std)

    def _predict(self, sides: list[tuple[NDArray[np.float32], Ints]]) -> tuple[Floats, Floats]:
        values, rows = zip(*sides, strict=True)
        new = Anchored(self.anchors, values, rows, self.described)
        computed = [source.predict(self.kernel, new) for source in self.sources]
        columns = (np.column_stack(computed) - self.location) / self.scale
        near = new.closeness(self.targets[0].average.sides)
        parts = [target.predict(near, self.kernel, columns) for target in self.targets]
        weight = np.array([target.weight for target in self.targets])
        weight /= weight.sum()
        mean = np.stack([one for one, _ in parts])
        variance = np.stack([one for _, one in parts])
        mixed, inner = weight @ mean, weight @ variance
        second = weight @ (variance + mean**2) - mixed**2
        return mixed, np.sqrt(np.maximum(second, inner))

    def state(self) -> ModelState:
        """See :class:`~forescale.learners.TrainedModel`."""
        arrays: Arrays = {}
        settings: dict[str, Any] = {
            "kernel": self.kernel,
            "location": self.location.tolist(),
            "scale": self.scale.tolist(),
            "blocks": len(self.anchors),
            "described": self.described,
        }
        for place, anchor in enumerate(self.anchors):
            arrays |= {f"anchors_{place}.{key}": value for key, value in anchor.state().items()}
        states = {
            "sources": [source.state() for source in self.sources],
            "targets": [target.state() for target in self.targets],
        }
        for kind, parts in states.items():
            settings[kind] = [told for _, told in parts]
            for place, (kept, _) in enumerate(parts):
                arrays |= {f"{kind}_{place}.{key}": value for key, value in kept.items()}
        return ModelState(arrays, settings)

    @classmethod
    def restore(cls, state: ModelState, restorers: Mapping[str, Restorer]) -> TransferModel:
        """The model that gave the state.

        Parameters
        ----------
        restorers
            What reads each kind of first stage.
        """
        state = state if "targets" in state.settings else _of_first_release(state)
        given = state.settings

        def part(name: str) -> Arrays:
            head = f"{name}."
            return {k.removeprefix(head): v for k, v in state.arrays.items() if k.startswith(head)}

        described, name = int(given["described"]), given["kernel"]
        blocks = range(int(given["blocks"]))
        anchors = tuple(Anchors.restore(part(f"anchors_{place}")) for place in blocks)
        sources = tuple(
            restorers[one["kind"]](part(f"sources_{place}"), one)
            for place, one in enumerate(given["sources"])
        )
        targets = tuple(
            KernelPosterior.restore(part(f"targets_{place}"), one, name, anchors, described)
            for place, one in enumerate(given["targets"])
        )
        # Before there were several sources, one number served all stages.
        each = np.ones(len(sources))
        location, scale = (each * np.asarray(given[key], float) for key in ("location", "scale"))
        return cls(name, anchors, described, sources, location, scale, targets)


KERNEL_MEANS: Mapping[str, Restorer] = {"kernel": KernelMean.restore}


def kept_anchors(blocks: Sequence[SideDistances], used: Sequence[Ints]) -> tuple[Anchors, ...]:
    """Anchors at some sides of each block."""
    return tuple(block.anchors(sides) for block, sides in zip(blocks, used, strict=True))


def _of_first_release(state: ModelState) -> ModelState:
    """A model of one source and two target models, by the names of today."""
    names = {"source": "sources_0", "scratch": "targets_0", "transfer": "targets_1"}
    arrays = {}
    for key, value in state.arrays.items():
        head, _, rest = key.partition(".")
        arrays[f"{names.get(head, head)}.{rest}"] = value
    given, weight = state.settings, float(state.settings["transfer_weight"])
    settings = {
        "kernel": given["kernel"],
        "location": given["location"],
        "scale": given["scale"],
        "blocks": given["blocks"],
        "described": given["blocks"],
        "sources": [{**given["source"], "kind": "kernel"}],
        "targets": [
            {**given["scratch"], "columns": [], "weight": 1.0 - weight},
            {**given["transfer"], "columns": [0], "weight": weight},
        ],
    }
    return ModelState(arrays, settings)
