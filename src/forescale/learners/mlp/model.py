"""The trained network: what a study hands over to predict new materials. NumPy suffices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Floats, ModelPrediction, ModelState, NewBlock
from forescale.learners.mlp.inputs import Components, Inputs

Layer = tuple[Inputs, Inputs]
_ROWS = 20_000  # of hidden units held at a time


@dataclass(frozen=True)
class MLPModel:
    """Networks of an ensemble with their scale.

    Parameters
    ----------
    components
        Of each block of features.
    layers
        Weights, shape (members, inputs, outputs), and biases, shape (members, outputs), of
        each layer; the first output of the last one is the property.
    mean, scatter
        Scale of the outputs, in the unit of the values.
    rest
        Variance of a new measurement beyond the scatter of the members.
    """

    components: tuple[Components, ...]
    layers: tuple[Layer, ...]
    mean: float
    scatter: float
    rest: float

    def predict(self, blocks: Sequence[NewBlock]) -> ModelPrediction:
        """See :class:`~forescale.learners.TrainedModel`."""
        sides = [c.apply(b.values) for c, b in zip(self.components, blocks, strict=True)]
        rows = len(blocks[0].rows)
        members = np.empty((len(self.layers[0][0]), rows))
        for start in range(0, rows, _ROWS):
            here = slice(start, start + _ROWS)
            parts = [side[b.rows[here]] for side, b in zip(sides, blocks, strict=True)]
            members[:, here] = self._outputs(np.concatenate(parts, axis=1))
        found = members * self.scatter + self.mean
        floor = np.finfo(np.float32).eps * max(self.scatter, 1.0)
        std = np.maximum(np.sqrt(found.var(axis=0) + self.rest), floor)
        return ModelPrediction(found.mean(axis=0), std)

    def _outputs(self, inputs: Inputs) -> Floats:
        """Standardised values by each member, shape (members, rows)."""
        x = np.broadcast_to(inputs, (len(self.layers[0][0]), *inputs.shape))
        for weights, bias in self.layers[:-1]:
            z = x @ weights + bias[:, None]
            # silu; exp of a large number is infinite, and one over it the 0 that is meant
            with np.errstate(over="ignore"):
                x = z / (1.0 + np.exp(-z))
        weights, bias = self.layers[-1]
        return np.asarray((x @ weights + bias[:, None])[..., 0], dtype=float)

    def state(self) -> ModelState:
        """See :class:`~forescale.learners.TrainedModel`."""
        arrays: dict[str, NDArray[Any]] = {}
        for place, components in enumerate(self.components):
            arrays |= {f"block{place}_{name}": a for name, a in components.state().items()}
        for place, (weights, bias) in enumerate(self.layers):
            arrays |= {f"layer{place}_weights": weights, f"layer{place}_bias": bias}
        settings = {
            "blocks": len(self.components),
            "layers": len(self.layers),
            "mean": self.mean,
            "scatter": self.scatter,
            "rest": self.rest,
        }
        return ModelState(arrays, settings)

    @classmethod
    def restore(cls, state: ModelState) -> MLPModel:
        """See :class:`~forescale.learners.RestoresModel`."""
        arrays, settings = state.arrays, state.settings
        blocks = [f"block{place}_" for place in range(int(settings["blocks"]))]
        components = tuple(
            Components.restore(
                {k.removeprefix(own): a for k, a in arrays.items() if k.startswith(own)}
            )
            for own in blocks
        )
        layers = tuple(
            (arrays[f"layer{place}_weights"], arrays[f"layer{place}_bias"])
            for place in range(int(settings["layers"]))
        )
        mean, scatter, rest = (float(settings[key]) for key in ("mean", "scatter", "rest"))
        return cls(components, layers, mean, scatter, rest)
