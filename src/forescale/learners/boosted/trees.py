"""Boosted trees as arrays of splits: kept without pickles, read and walked without LightGBM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale.learners.contract import Floats

_CELLS = 4_000_000  # rows times trees that are walked at a time


@dataclass(frozen=True)
class Trees:
    """A sum of regression trees.

    Nodes of all trees stand in one table, the root of each first. A row goes left where its
    feature is at most the threshold; a leaf points to itself.

    Parameters
    ----------
    feature, threshold, left, right
        Of each node, shape (nodes,); -1 for the feature of a leaf.
    value
        What a leaf adds, shape (nodes,).
    roots
        Node of each tree, shape (trees,).

    Examples
    --------
    >>> stump = Trees(
    ...     feature=np.array([0, -1, -1]), threshold=np.array([0.5, 0, 0]),
    ...     left=np.array([1, 1, 2]), right=np.array([2, 1, 2]),
    ...     value=np.array([0.0, -1.0, 1.0]), roots=np.array([0]),
    ... )
    >>> stump.predict(np.array([[0.2], [0.7]])).tolist()
    [-1.0, 1.0]
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    roots: NDArray[np.int32]

    @classmethod
    def read(cls, dumped: Mapping[str, Any]) -> Trees:
        """From what ``lightgbm.Booster.dump_model`` tells of a model of numerical features."""
        return cls.joined([_tree(one["tree_structure"]) for one in dumped["tree_info"]])

    @classmethod
    def joined(cls, parts: Sequence[Trees], weight: float = 1.0) -> Trees:
        """The sum of several, each times a weight."""
        if not parts:
            none = np.zeros(0, dtype=np.int32)
            return cls(none, np.zeros(0), none, none, np.zeros(0), none)
        starts = np.cumsum([0, *(len(part.feature) for part in parts)])[:-1]
        pairs = list(zip(parts, starts, strict=True))

        def moved(name: str) -> NDArray[np.int32]:
            return np.concatenate([getattr(part, name) + start for part, start in pairs]).astype(
                np.int32
            )

        return cls(
            np.concatenate([part.feature for part in parts]).astype(np.int32),
            np.concatenate([part.threshold for part in parts]),
            moved("left"),
            moved("right"),
            weight * np.concatenate([part.value for part in parts]),
            moved("roots"),
        )

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """Sums over the trees for rows of features, shape (rows, features) → (rows,)."""
        total = np.zeros(len(features))
        step = max(1, _CELLS // max(1, len(self.roots)))
        for start in range(0, len(features), step):
            part = slice(start, start + step)
            total[part] = self._walk(np.asarray(features[part], dtype=np.float64))
        return total

    def _walk(self, x: Floats) -> Floats:
        node = np.broadcast_to(self.roots, (len(x), len(self.roots))).copy()
        rows = np.arange(len(x))[:, None]
        while True:
            feature = self.feature[node]
            inner = feature >= 0
            if not inner.any():
                return np.asarray(self.value[node].sum(axis=1))
            goes_left = x[rows, np.maximum(feature, 0)] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])

    def state(self) -> dict[str, NDArray[Any]]:
        """Arrays to keep."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "value": self.value,
            "roots": self.roots,
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Trees:
        """The trees that gave the arrays.

        Raises
        ------
        ValueError
            If they are no trees: a node points outside, or back to one before it.
        """
        names = ("feature", "threshold", "left", "right", "value", "roots")
        found = cls(*(arrays[name] for name in names))
        nodes, places = len(found.feature), np.arange(len(found.feature))
        inner = found.feature >= 0
        for child in (found.left, found.right):
            ahead = np.where(inner, child > places, child == places)
            if len(child) != nodes or not ahead.all() or (child >= nodes).any():
                raise ValueError("the arrays are no trees: a node points back or outside")
        if len(found.roots) and not (0 <= found.roots.min() <= found.roots.max() < nodes):
            raise ValueError("the arrays are no trees: a root is outside")
        return found


def _tree(root: Mapping[str, Any]) -> Trees:
    """One tree; children come after their parents."""
    feature: list[int] = []
    left: list[int] = []
    right: list[int] = []
    threshold: list[float] = []
    value: list[float] = []
    waiting: list[tuple[Mapping[str, Any], list[int] | None, int]] = [(root, None, 0)]
    while waiting:
        node, link, at = waiting.pop()
        place = len(feature)
        if link is not None:
            link[at] = place
        leaf = "leaf_value" in node
        if not leaf and node["decision_type"] != "<=":
            raise ValueError(f"got a split by {node['decision_type']!r}, expected '<='")
        feature.append(-1 if leaf else int(node["split_feature"]))
        threshold.append(0.0 if leaf else float(node["threshold"]))
        value.append(float(node["leaf_value"]) if leaf else 0.0)
        left.append(place)
        right.append(place)
        if not leaf:
            waiting += [(node["right_child"], right, place), (node["left_child"], left, place)]
    index = np.int32
    return Trees(
        np.array(feature, index),
        np.array(threshold),
        np.array(left, index),
        np.array(right, index),
        np.array(value),
        np.zeros(1, index),
    )
