"""What a study file may say of the trees."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict

from forescale.learners.gp.options import ProcessOptions

_Share = Annotated[float, Gt(0), Le(1)]


LARGE = 5_000
"""Computed values from which trees are more and larger."""


class TreeOptions(BaseModel):
    """How the source stage is boosted.

    Parameters
    ----------
    trees, rate
        Number of trees, and the step of each.
    leaves
        Most leaves of a tree.
    growth
        From ``LARGE`` computed values on, leaves grow as this power of their number, and trees
        as half of it; 0 keeps both.
    feature_share, value_share
        Of the features, and of the computed values, that a tree sees.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: Annotated[int, Ge(2)] = 300
    rate: Annotated[float, Gt(0)] = 0.05
    leaves: Annotated[int, Ge(2)] = 31
    growth: Annotated[float, Ge(0)] = 0.5
    feature_share: _Share = 0.2
    value_share: _Share = 0.7

    def size(self, n: int) -> tuple[int, int]:
        """Trees, and leaves of each, for n computed values.

        >>> TreeOptions().size(5_000), TreeOptions().size(80_000)
        ((300, 31), (600, 124))
        """
        more = max(1.0, n / LARGE) ** self.growth
        return round(self.trees * more**0.5), round(self.leaves * more)


class BoostedOptions(ProcessOptions, TreeOptions):
    """Options of ``learner.name = "boosted"``: of the trees below, of the process above."""


class BlendOptions(BoostedOptions):
    """Options of ``learner.name = "blend"``, beside those of :class:`BoostedOptions`.

    Parameters
    ----------
    process_rows
        Computed values that the process beside the trees learns from at most: its time
        grows as their cube, and beyond so many the trees know more.
    """

    process_rows: Annotated[int, Ge(2)] = 3_000
