"""Materials that are on both sides, computed and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.labels import LabelEnum

Rows = NDArray[np.int64]


class Overlap(LabelEnum):
    """Whether computed values of tested materials are learnt from.

    ``exclude``: they are not. ``allow``: they are, as in screening, where every candidate may
    be simulated too. ``exclude-group``: nor are those of any material in a group that is
    tested, such as other pairs with an unseen solvent. ``disjoint``: nor are those of any
    measured material, so that the computed predictions of training and test materials are
    equally good; a model that fits the computed values of its training materials closely
    trusts its predictions of test materials too much otherwise.

    The label says what holds for the materials that are judged.
    """

    EXCLUDE = (
        "exclude",
        "not simulated",
        "computed values of test materials are left out of pre-training",
    )
    ALLOW = (
        "allow",
        "simulated",
        "test materials may have computed values (the setting of screening)",
    )
    EXCLUDE_GROUP = (
        "exclude-group",
        "no one of their group simulated",
        "computed values of the tested groups are left out",
    )
    DISJOINT = (
        "disjoint",
        "no measured one simulated",
        "computed values of measured materials are left out",
    )

    @property
    def candidates(self) -> str:
        """How test materials stand, in a sentence: ``as if not simulated``."""
        return {
            Overlap.EXCLUDE: "as if not simulated",
            Overlap.ALLOW: "with computed values",
            Overlap.EXCLUDE_GROUP: "as if none of their group were simulated",
            Overlap.DISJOINT: "as if no measured one were simulated",
        }[self]


@dataclass(frozen=True)
class SharedMaterials:
    """Which rows of the two sides are one material, and which are one group, as numbers.

    Parameters
    ----------
    source, target
        Number of each row's material; shapes (rows,). Equal numbers are one material.
    source_groups, target_groups
        Number of each row's group, where materials tell their group themselves.
    """

    source: Rows
    target: Rows
    source_groups: Rows | None = None
    target_groups: Rows | None = None

    @classmethod
    def of(
        cls,
        source_keys: Sequence[str] | NDArray[np.object_],
        target_keys: Sequence[str] | NDArray[np.object_],
        group_of: Callable[[str], str] | None = None,
    ) -> Self:
        """Number the materials of both sides, given by key, once for all replicates.

        Parameters
        ----------
        group_of
            The group of a key, for ``exclude-group``.
        """
        codes, keys = pd.factorize(np.array([*source_keys, *target_keys], dtype=object))
        rows = len(source_keys)
        if group_of is None:
            return cls(codes[:rows], codes[rows:])
        groups = pd.factorize(np.array([group_of(key) for key in keys], dtype=object))[0][codes]
        return cls(codes[:rows], codes[rows:], groups[:rows], groups[rows:])

    def usable(self, test: Rows, policy: Overlap) -> Rows:
        """Rows of the source that a replicate which tests these rows may learn from.

        Examples
        --------
        >>> shared = SharedMaterials.of(["a", "b", "c"], ["b", "c"])
        >>> shared.usable(np.array([0]), Overlap.EXCLUDE).tolist()
        [0, 2]
        >>> shared.usable(np.array([0]), Overlap.DISJOINT).tolist()
        [0]
        """
        if policy is Overlap.ALLOW:
            return np.arange(len(self.source))
        if policy is Overlap.EXCLUDE_GROUP:
            if self.source_groups is None or self.target_groups is None:
                raise ValueError("exclude-group needs the groups of both sides")
            return _without(self.source_groups, self.target_groups[test])
        hidden = self.target if policy is Overlap.DISJOINT else self.target[test]
        return _without(self.source, hidden)

    @property
    def source_only(self) -> Rows:
        """Rows of the source whose material was not measured."""
        return _without(self.source, self.target)

    @property
    def on_both_sides(self) -> int:
        """How many materials were computed and measured."""
        return len(np.intersect1d(self.source, self.target))


def _without(codes: Rows, hidden: Rows) -> Rows:
    """Places of the numbers that are not among the hidden ones."""
    is_hidden = np.zeros(1 + max(codes.max(initial=-1), hidden.max(initial=-1)), dtype=bool)
    is_hidden[hidden] = True
    return np.flatnonzero(~is_hidden[codes])
