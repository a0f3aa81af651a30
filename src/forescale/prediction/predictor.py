"""A saved model at work: materials in, predictions with intervals, distances and warnings out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import Workers
from forescale._machine.plugins import RECEIVED, Trust, told
from forescale._machine.threads import one_thread
from forescale._machine.workers import default_workers
from forescale.errors import ModelError
from forescale.learners import NewBlock, TrainedModel
from forescale.materials.pair import sides_of, temperature_ending
from forescale.prediction.columns import choose_columns
from forescale.prediction.domain import Domain
from forescale.prediction.features import describe_materials, of_rows, undefined, wanted_columns
from forescale.prediction.loading import checked_prediction, load_parts
from forescale.prediction.manifest import ModelManifest
from forescale.tables.materials import parse_rows
from forescale.words import count, number

_ROWS = 1_000  # materials at a time and thread

_NUMBERS = ("prediction", "low", "high", "std", "distance", "distance_percentile")
COLUMNS = (*_NUMBERS, "outside", "warning", "known")
"""Columns of :meth:`Predictor.predict_keys`."""


@dataclass(frozen=True)
class Predictor:
    """A model with its intervals and its domain; see :meth:`load`.

    Parameters
    ----------
    manifest
        Contents of ``model.json``.
    known
        ``computed``, ``measured`` or ``both`` by the key of each material learnt from.
    trust
        Descriptors of the form ``module:Class`` that the model may name.
    """

    manifest: ModelManifest
    model: TrainedModel
    domain: Domain
    known: dict[str, str]
    trust: Trust = RECEIVED

    @classmethod
    def load(cls, run: str | Path, *, trust: Trust = RECEIVED) -> Predictor:
        """Load the model of a run folder, or of a folder of its own.

        Parameters
        ----------
        trust
            Learners and descriptors of the form ``module:Class`` that the model may name, for a
            model of your own whose code no installed package announces: by default none.

        Raises
        ------
        ModelError
            If there is none, it is damaged, or the installed descriptors are not those it
            was trained with.
        """
        return cls(*load_parts(Path(run), trust), trust)

    @property
    def material_kind(self) -> str:
        """What the model predicts the property of."""
        return self.manifest.material_kind

    @property
    def unit(self) -> str:
        """Unit of predictions and intervals."""
        return self.manifest.target.unit

    def __repr__(self) -> str:
        manifest = self.manifest
        return (
            f"<Predictor of {manifest.target.property} ({self.unit or 'no unit'}) of a "
            f"{self.material_kind}, from {count(manifest.n_source)} computed and "
            f"{count(manifest.n_target)} measured values>"
        )

    def predict(
        self,
        materials: str | Sequence[str] | pd.Series | pd.DataFrame,
        *,
        columns: dict[str, str | None] | None = None,
        workers: Workers = 1,
    ) -> pd.DataFrame:
        """Predict materials, written in any way that the command line reads.

        Parameters
        ----------
        materials
            One or several structures, or a table with the column (pairs: columns) of them.
        columns
            Columns of a table by role, where their names do not tell; see
            :func:`~forescale.prediction.columns.choose_columns`.
        workers
            Processes here, or a place to work, that describe the materials; the model itself
            is applied here.

        Returns
        -------
        DataFrame
            A row for each material, in order, with the index of a table: ``material`` as
            given and its ``key``; ``prediction`` with the 90 % interval ``low`` to ``high``
            and the learner's own ``std``, in ``unit``; ``distance`` to training, its
            ``distance_percentile`` among the measured materials' own, and whether the
            material is ``outside``; ``warning``, what speaks against the prediction;
            ``known``: ``computed``, ``measured``, ``both`` or empty; and ``reason``: why
            there is no prediction (numbers are NaN then), empty where there is one.
        """
        if isinstance(materials, str):
            materials = [materials]
        if isinstance(materials, pd.DataFrame):
            table = materials
            names = [str(name) for name in table.columns]
            chosen = choose_columns("the table", names, self.manifest, columns or {})
        else:
            index = materials.index if isinstance(materials, pd.Series) else None
            table = pd.DataFrame({"material": list(materials)}, index=index, dtype=object)
            chosen = "material"
        parsed = parse_rows(self.material_kind, table.reset_index(drop=True), chosen)
        reasons = [a or b for a, b in zip(parsed.faults, parsed.implausible, strict=True)]
        good = [row for row, reason in enumerate(reasons) if reason is None]
        keys = [str(parsed.keys[row]) for row in good]
        found, why = self.predict_keys(keys, workers=workers)
        for row, reason in zip(good, why, strict=True):
            reasons[row] = reason
        out = found.set_index(pd.Index(good, dtype=int)).reindex(range(len(table)))
        out["outside"] = out["outside"].eq(True)
        out[["warning", "known"]] = out[["warning", "known"]].fillna("")
        out.insert(0, "material", parsed.texts)
        out.insert(1, "key", [key or "" for key in parsed.keys])
        out.insert(5, "unit", self.unit)
        out["reason"] = [reason or "" for reason in reasons]
        return out.set_index(table.index)

    def predict_keys(
        self, keys: Sequence[str], *, workers: Workers = 1
    ) -> tuple[pd.DataFrame, list[str | None]]:
        """Predict materials given by canonical key.

        Returns
        -------
        predictions
            One row per key, in order, with :data:`COLUMNS`; numbers are NaN where a material
            cannot be described.
        reasons
            Why it cannot be, None where it is predicted.
        """
        distinct = list(dict.fromkeys(keys))
        if not distinct:
            return self._empty([]), []
        found, why = self._distinct(distinct, workers)
        place = {key: row for row, key in enumerate(distinct)}
        rows = np.array([place[key] for key in keys], dtype=np.int64)
        return found.iloc[rows].reset_index(drop=True), [why[row] for row in rows.tolist()]

    def described(self, keys: Sequence[str]) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Features of each block's distinct sides, and the side of each material."""
        described = describe_materials(self.manifest, list(keys), 1, self.trust)
        return [
            (wanted_columns(block, trained), block.index)
            for block, trained in zip(described, self.manifest.blocks, strict=True)
        ]

    def _empty(self, keys: list[str]) -> pd.DataFrame:
        out = pd.DataFrame(np.nan, index=range(len(keys)), columns=list(_NUMBERS))
        out["outside"], out["warning"] = False, ""
        out["known"] = [self._known(key) for key in keys]
        return out

    def _distinct(self, keys: list[str], workers: Workers) -> tuple[pd.DataFrame, list[str | None]]:
        manifest = self.manifest
        described = describe_materials(manifest, keys, workers, self.trust)
        pairs = zip(described, manifest.blocks, strict=True)
        values = [wanted_columns(block, trained) for block, trained in pairs]
        reasons = undefined(described, values, manifest.blocks)
        if self.material_kind == "pair":
            wrong = [_wrong_temperature(key, manifest.temperature) for key in keys]
            reasons = [a or b for a, b in zip(wrong, reasons, strict=True)]
        good = np.flatnonzero([reason is None for reason in reasons])
        out = self._empty(keys)
        if len(good):
            blocks = [
                of_rows(rows, block.index[good], block.cumulative)
                for rows, block in zip(values, described, strict=True)
            ]
            odd = [self._unusual(keys[row]) for row in good]
            known = out["known"].to_numpy()[good]
            for name, column in self._in_threads(blocks, known, odd, workers).items():
                out.loc[good, name] = column
        return out, reasons

    def _known(self, key: str) -> str:
        only = self.manifest.temperature
        if isinstance(only, float) and sides_of(key).temperature is None:
            key += temperature_ending(only)
        return self.known.get(key, "")

    def _unusual(self, key: str) -> str | None:
        makeup = self.manifest.domain.makeup
        return None if makeup is None else makeup.unusual(self.material_kind, key)

    def _in_threads(
        self,
        blocks: list[NewBlock],
        known: NDArray[np.object_],
        odd: list[str | None],
        workers: Workers,
    ) -> dict[str, NDArray[Any]]:
        """Columns of all materials; distances, which take longest, leave Python's lock alone."""

        def some(start: int) -> dict[str, NDArray[Any]]:
            part = slice(start, start + _ROWS)
            few = [of_rows(b.values, b.rows[part], b.cumulative) for b in blocks]
            return self._columns(few, known[part], odd[part])

        threads = workers if isinstance(workers, int) else default_workers()
        with ThreadPoolExecutor(threads) as pool, one_thread():
            parts = list(pool.map(some, range(0, len(known), _ROWS)))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _columns(
        self, blocks: list[NewBlock], known: NDArray[np.object_], odd: list[str | None]
    ) -> dict[str, NDArray[Any]]:
        manifest, rows = self.manifest, len(known)
        try:
            result = checked_prediction(self.model, blocks)
        except Exception as error:  # whatever the learner of somebody else's model may raise
            raise ModelError(f"{manifest.name}: the model fails ({told(error)})") from error
        floor = -np.inf if manifest.censoring is None else manifest.censoring.floor
        mean = np.maximum(result.mean, floor)
        simulated = np.isin(known, ("computed", "both"))
        distance = self.domain.distance(blocks)
        # A material that was measured is no stranger, whatever its elements.
        stranger = ~np.isin(known, ("measured", "both"))
        unusual = np.array([reason is not None for reason in odd]) & stranger
        strange = [a if b else None for a, b in zip(odd, unusual.tolist(), strict=True)]
        where = (result.std, rows, distance, unusual)
        half = manifest.calibrations["exclude"].half_width(*where)
        if "allow" in manifest.calibrations:
            half = np.where(simulated, manifest.calibrations["allow"].half_width(*where), half)
        low, high = np.maximum(mean - half, floor), mean + half
        if not np.isfinite([low, high, distance]).all():
            raise ModelError(f"{manifest.name}: the model gives intervals that are not finite")
        far = distance > self.domain.threshold
        return {
            "prediction": mean,
            "low": low,
            "high": high,
            "std": np.full(rows, np.nan) if result.std is None else result.std,
            "distance": distance,
            "distance_percentile": self.domain.percentile(distance),
            "outside": far | unusual,
            "warning": self._warnings(mean, low, high, far, strange),
        }

    def _warnings(
        self,
        mean: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        far: NDArray[np.bool_],
        odd: list[str | None],
    ) -> NDArray[np.object_]:
        """What speaks against each prediction, empty where nothing does."""
        out = np.full(len(mean), "", dtype=object)
        values = self.manifest.values
        beyond = np.full(len(mean), None, dtype=object)
        vague = np.zeros(len(mean), dtype=bool)
        if values is not None:
            span = values.highest - values.lowest
            for wrong, words in ((mean < values.lowest, "below"), (mean > values.highest, "above")):
                beyond[wrong] = (
                    f"prediction {words} all measured values "
                    f"({number(values.lowest, 4)} to {number(values.highest, 4)})"
                )
            vague = (high - low > span) & (span > 0)
        strange = np.array(
            [a is not None or b is not None for a, b in zip(odd, beyond, strict=True)]
        )
        for row in np.flatnonzero(far | vague | strange):
            reasons = [
                "farther from training than 95 % of the measured materials" if far[row] else None,
                odd[row],
                beyond[row],
                "interval wider than the range of the measured values" if vague[row] else None,
            ]
            out[row] = "; ".join(reason for reason in reasons if reason)
        return out


def _wrong_temperature(key: str, trained: str | float | None) -> str | None:
    """Why a pair's temperature does not fit a model, None if it does."""
    given = sides_of(key).temperature
    if trained == "varies":
        return "has no temperature, and the model was trained at several" if given is None else None
    if given is None or given == trained:
        return None
    at = "without temperatures" if trained is None else f"at {trained:g} K alone"
    return f"got a temperature of {given:g} K, but the model was trained on pairs {at}"
