"""A saved model at work: canonical keys in, predictions with intervals and distances out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forescale.descriptors import DescribedBlock, describe_new
from forescale.errors import ConfigError, ModelError
from forescale.learners import ModelState, NewBlock, RestoresModel, TrainedModel, get_learner
from forescale.materials.pair import sides_of, temperature_ending
from forescale.prediction.calibration import Calibration
from forescale.prediction.domain import Domain
from forescale.prediction.folder import ModelFolder
from forescale.study.censoring import Censoring

_ROWS = 1_000  # materials at a time and thread
_SHOWN = 3  # undefined descriptor columns named in a reason

COLUMNS = (
    "prediction",
    "low",
    "high",
    "std",
    "distance",
    "distance_percentile",
    "outside",
    "known",
)
"""Columns of :meth:`Predictor.predict`."""


@dataclass(frozen=True)
class Predictor:
    """A model with its intervals and its domain; see :meth:`load`.

    Parameters
    ----------
    settings
        Contents of ``model.json``.
    """

    settings: dict[str, Any]
    model: TrainedModel
    domain: Domain
    calibrations: dict[str, Calibration]
    known: dict[str, str]

    @classmethod
    def load(cls, run: Path) -> Predictor:
        """Load the model of a run folder, or of a folder of its own.

        Raises
        ------
        ModelError
            If there is none, it is damaged, or the installed descriptors are not those it
            was trained with.
        """
        folder = ModelFolder.find(run)
        settings = folder.settings()
        folder.check(settings)
        _check_descriptor(settings, folder.path)
        learner_arrays, domain_arrays = folder.arrays()
        given = settings["learner"]
        learner = get_learner(given["name"], given["options"])
        if not isinstance(learner, RestoresModel):
            raise ModelError(f"learner {given['name']!r}: its models cannot be handed over")
        try:
            model = learner.restore(ModelState(learner_arrays, settings["settings"]))
            domain = Domain.restore(domain_arrays, settings["domain"]["blocks"])
            calibrations = {
                name: Calibration(**one) for name, one in settings["calibrations"].items()
            }
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ModelError(
                f"{folder.path}: cannot be restored ({error!r}); make it again with the installed "
                "forescale"
            ) from None
        return cls(settings, model, domain, calibrations, _known(folder.known()))

    @property
    def material_kind(self) -> str:
        """What the model predicts the property of."""
        return str(self.settings["target"]["material_kind"])

    @property
    def unit(self) -> str:
        """Unit of predictions and intervals."""
        return str(self.settings["target"]["unit"])

    def predict(
        self, keys: Sequence[str], *, workers: int = 1
    ) -> tuple[pd.DataFrame, list[str | None]]:
        """Predict materials given by canonical key.

        Returns
        -------
        predictions
            One row per key, in order: ``prediction``, the 90 % interval ``low`` to ``high``
            and the learner's own ``std``, in :attr:`unit`; ``distance`` to training, its
            ``distance_percentile`` among the measured materials' own, and whether it is
            ``outside``; ``known``: ``computed``, ``measured``, ``both`` or empty. All NaN
            where a material cannot be described.
        reasons
            Why it cannot be, None where it is predicted.
        """
        distinct = list(dict.fromkeys(keys))
        found, why = self._distinct(distinct, workers)
        place = {key: row for row, key in enumerate(distinct)}
        rows = np.array([place[key] for key in keys], dtype=np.int64)
        return found.iloc[rows].reset_index(drop=True), [why[row] for row in rows.tolist()]

    def _distinct(self, keys: list[str], workers: int) -> tuple[pd.DataFrame, list[str | None]]:
        described = _describe(self.settings, keys, workers)
        values = [_wanted(*pair) for pair in zip(described, self.settings["blocks"], strict=True)]
        reasons = _undefined(described, values, self.settings["blocks"])
        if self.material_kind == "pair":
            wrong = [_wrong_temperature(key, self.settings["temperature"]) for key in keys]
            reasons = [a or b for a, b in zip(wrong, reasons, strict=True)]
        good = np.flatnonzero([reason is None for reason in reasons])
        out = pd.DataFrame(np.nan, index=range(len(keys)), columns=list(COLUMNS[:6]))
        out["outside"], out["known"] = False, [self._known(key) for key in keys]
        if len(good):
            blocks = [
                _of_rows(rows, block.index[good])
                for rows, block in zip(values, described, strict=True)
            ]
            known = out["known"].to_numpy()[good]
            for name, column in self._in_threads(blocks, known, workers).items():
                out.loc[good, name] = column
        return out, reasons

    def _known(self, key: str) -> str:
        only = self.settings["temperature"]
        if isinstance(only, float) and sides_of(key).temperature is None:
            key += temperature_ending(only)
        return self.known.get(key, "")

    def _in_threads(
        self, blocks: list[NewBlock], known: NDArray[np.object_], workers: int
    ) -> dict[str, NDArray[Any]]:
        """Columns of all materials; distances, which take longest, leave Python's lock alone."""

        def some(start: int) -> dict[str, NDArray[Any]]:
            part = slice(start, start + _ROWS)
            return self._columns([_of_rows(b.values, b.rows[part]) for b in blocks], known[part])

        with ThreadPoolExecutor(workers) as pool, threadpool_limits(1):
            parts = list(pool.map(some, range(0, len(known), _ROWS)))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _columns(
        self, blocks: list[NewBlock], known: NDArray[np.object_]
    ) -> dict[str, NDArray[Any]]:
        result = self.model.predict(blocks)
        given = self.settings["censoring"]
        floor = -np.inf if given is None else Censoring(**given).floor
        mean = np.maximum(result.mean, floor)
        simulated = np.isin(known, ("computed", "both"))
        half = self.calibrations["exclude"].half_width(result.std, len(known))
        if "allow" in self.calibrations:
            other = self.calibrations["allow"].half_width(result.std, len(known))
            half = np.where(simulated, other, half)
        distance = self.domain.distance(blocks)
        return {
            "prediction": mean,
            "low": np.maximum(mean - half, floor),
            "high": mean + half,
            "std": np.full(len(known), np.nan) if result.std is None else result.std,
            "distance": distance,
            "distance_percentile": self.domain.percentile(distance),
            "outside": distance > self.domain.threshold,
        }


def _describe(
    settings: dict[str, Any], keys: Sequence[str], workers: int
) -> tuple[DescribedBlock, ...]:
    descriptor = settings["descriptor"]
    return describe_new(
        settings["target"]["material_kind"],
        descriptor["name"],
        keys,
        solvent_name=descriptor["solvent"],
        temperature=settings["temperature"] == "varies",
        workers=workers,
    )


def _check_descriptor(settings: dict[str, Any], path: Path) -> None:
    """Refuse a model whose features the installed code would not compute the same."""
    try:
        installed = _describe(settings, [], 1)
    except ConfigError as error:
        raise ModelError(f"{path}: its descriptor is not installed ({error})") from None
    trained = [(block["name"], block["version"]) for block in settings["blocks"]]
    found = [(block.name, block.version) for block in installed]
    if trained != found:
        raise ModelError(
            f"{path}: was trained with descriptor {_versions(trained)}, installed is "
            f"{_versions(found)}; features may differ, so install those versions or run the "
            "study again"
        )
    for block, wanted in zip(installed, settings["blocks"], strict=True):
        missing = set(wanted["columns"]).difference(c.name for c in block.features.columns)
        if missing:
            raise ModelError(
                f"{path}: was trained with descriptor {wanted['version']} and its column "
                f"{min(missing)!r}, which the installed {block.version} lacks; run the study again"
            )


def _versions(blocks: list[tuple[str, str]]) -> str:
    return ", ".join(dict.fromkeys(version for _, version in blocks))


def _wanted(block: DescribedBlock, trained: dict[str, Any]) -> NDArray[np.float32]:
    """The columns that the model was trained on, in its order, shape (sides, features)."""
    place = {column.name: number for number, column in enumerate(block.features.columns)}
    return block.features.values[:, [place[name] for name in trained["columns"]]]


def _undefined(
    described: Sequence[DescribedBlock],
    values: list[NDArray[np.float32]],
    trained: list[dict[str, Any]],
) -> list[str | None]:
    """Why a material has no features, None where it has."""
    reasons: list[str | None] = [None] * len(described[0].index)
    for block, rows, wanted in zip(described, values, trained, strict=True):
        of_side: dict[int, str] = {}
        for side in np.flatnonzero(~np.isfinite(rows).all(axis=1)).tolist():
            names = [wanted["columns"][c] for c in np.flatnonzero(~np.isfinite(rows[side]))]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            of_side[side] = (
                f"descriptor {wanted['version'].split()[0]} ({block.name}) is undefined in "
                f"{', '.join(names[:_SHOWN])}{more}, on which the model relies"
            )
        for row, side in enumerate(block.index.tolist() if of_side else ()):
            reasons[row] = reasons[row] or of_side.get(side)
    return reasons


def _wrong_temperature(key: str, trained: str | float | None) -> str | None:
    """Why a pair's temperature does not fit a model, None if it does."""
    given = sides_of(key).temperature
    if trained == "varies":
        return "has no temperature, and the model was trained at several" if given is None else None
    if given is None or given == trained:
        return None
    at = "without temperatures" if trained is None else f"at {trained:g} K alone"
    return f"got a temperature of {given:g} K, but the model was trained on pairs {at}"


def _of_rows(values: NDArray[np.float32], index: NDArray[np.int64]) -> NewBlock:
    """A block of the sides in use only: others may be undefined."""
    used, rows = np.unique(index, return_inverse=True)
    return NewBlock(values[used], rows)


def _known(table: pd.DataFrame) -> dict[str, str]:
    both = table["computed"] & table["measured"]
    names = np.where(both, "both", np.where(table["computed"], "computed", "measured"))
    return dict(zip(table["key"], names.tolist(), strict=True))
