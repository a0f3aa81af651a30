"""The materials learnt from that are nearest to a new one, with their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.errors import ModelError
from forescale.learners import TransferData
from forescale.prediction.domain import Domain, Surroundings
from forescale.prediction.folder import ModelFolder
from forescale.study import StudyData

if TYPE_CHECKING:
    from forescale.prediction.predictor import Predictor

_SIDE = "side_"
_ROWS = 100  # new materials whose distances to all known ones are held at a time
VALUES = ("computed_value", "measured_value")
"""Columns of ``known.parquet`` beside what materials are known, in the sides' own units."""


def known_materials(data: StudyData, arrays: TransferData, near: Surroundings) -> pd.DataFrame:
    """The materials learnt from: what ``known.parquet`` holds.

    Returns
    -------
    DataFrame
        Columns key, computed, measured (whether it has such a value), their values (NaN where
        it has none), and for each block the anchor that its side is, -1 where it is none.
    """
    rows = len(data.source)
    keys = pd.Index([*data.source.keys, *data.target.keys])
    source, target = near.places(arrays)
    sides = pd.DataFrame(np.concatenate([source, target]), index=keys).add_prefix(_SIDE)
    sides = sides[~sides.index.duplicated()]
    order = list(dict.fromkeys([*keys[rows:], *keys[:rows]]))
    values = {
        "computed_value": pd.Series(data.source.values, index=keys[:rows]),
        "measured_value": pd.Series(data.target.values, index=keys[rows:]),
    }
    first = {name: one[~one.index.duplicated()] for name, one in values.items()}
    found = pd.DataFrame(first, index=order)
    found.insert(0, "computed", found["computed_value"].notna())
    found.insert(1, "measured", found["measured_value"].notna())
    found = found.join(sides.astype("int32"))
    return found.rename_axis("key").reset_index()


@dataclass(frozen=True)
class Nearest:
    """Materials learnt from that distances are taken to, with their values.

    At most some 5,000 sides of materials are kept in a model: all measured ones, and computed
    ones drawn at random.

    Attributes
    ----------
    table
        Columns key, computed_value, measured_value.
    sides
        Anchor of each block, shape (materials, blocks).
    """

    table: pd.DataFrame
    sides: NDArray[np.int64]

    @classmethod
    def load(cls, run: str | Path) -> Nearest | None:
        """Those of a run's model; None of models whose release did not keep them.

        Raises
        ------
        ModelError
            If the folder holds no model, or its file is damaged.
        """
        table = ModelFolder.find(Path(run)).known_values()
        if table is None:
            return None
        columns = [name for name in table.columns if name.startswith(_SIDE)]
        sides = table[columns].to_numpy(dtype=np.int64)
        whole = (sides >= 0).all(axis=1)
        kept = table.loc[whole, ["key", *VALUES]].reset_index(drop=True)
        return cls(kept, sides[whole])

    def find(self, predictor: Predictor, keys: Sequence[str], count: int = 3) -> pd.DataFrame:
        """The nearest materials of each new one, itself left out.

        Parameters
        ----------
        predictor
            Of the same run: it describes materials and measures distances.
        keys
            Canonical keys of materials that it can describe.
        count
            How many of each.

        Returns
        -------
        DataFrame
            Columns key, nearest, distance, computed_value, measured_value; of each key the
            nearest first.
        """
        blocks = predictor.described(keys)
        parts = []
        for start in range(0, len(keys), _ROWS):
            some = slice(start, start + _ROWS)
            distances = self._distances(predictor.domain, blocks, some)
            for key, row in zip(keys[some], distances, strict=True):
                row = np.where(self.table["key"].to_numpy() == key, np.inf, row)
                first = np.argsort(row, kind="stable")[:count]
                first = first[np.isfinite(row[first])]
                near = self.table.iloc[first].rename(columns={"key": "nearest"})
                parts.append(near.assign(key=key, distance=row[first]))
        columns = ["key", "nearest", "distance", *VALUES]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    def _distances(
        self, domain: Domain, blocks: Sequence[tuple[NDArray[np.float32], NDArray[np.int64]]],
        some: slice,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Distances of some new materials to all known ones: the mean over their sides."""
        if self.sides.shape[1] != len(blocks):
            raise ModelError("known.parquet: names other sides than the model has; make it again")
        sides = []
        for place, (anchors, (values, rows)) in enumerate(zip(domain.anchors, blocks, strict=True)):
            if len(self.sides) and self.sides[:, place].max() >= len(anchors.values):
                raise ModelError("known.parquet: names anchors that are not there; make it again")
            used, back = np.unique(rows[some], return_inverse=True)
            distances = anchors.distances(values[used]).astype(float)
            sides.append(np.maximum(distances, 0.0)[back][:, self.sides[:, place]])
        return np.asarray(np.mean(sides, axis=0))
