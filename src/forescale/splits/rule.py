"""How the measured materials are divided: the ``split`` of a study file, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from forescale.labels import LabelEnum


class SplitKind(LabelEnum):
    """What stays together on one side of a split."""

    RANDOM = "random", "random", "random, anew in each replicate"
    CLUSTER = (
        "cluster",
        "by clusters",
        "by clusters of similar materials, whole clusters on one side",
    )
    GROUP = "group", "by groups", "by groups, whole groups on one side"


@dataclass(frozen=True)
class SplitRule:
    """``random``, ``cluster`` or ``group:COLUMN``.

    Parameters
    ----------
    kind
        What stays together.
    column
        For groups: a column of the target's file, or a class that materials tell
        themselves, such as ``solvent``; empty otherwise.

    Examples
    --------
    >>> SplitRule.parse("group:lab")
    SplitRule(kind=<SplitKind.GROUP: 'group'>, column='lab')
    >>> str(SplitRule.parse("group:lab")), SplitRule().words
    ('group:lab', 'random, anew in each replicate')
    """

    kind: SplitKind = SplitKind.RANDOM
    column: str = ""

    @classmethod
    def parse(cls, text: str | Self) -> Self:
        """Read the word of a study file. Raises ValueError saying what is allowed."""
        if isinstance(text, cls):
            return text
        kind, _, column = str(text).partition(":")
        if kind not in set(SplitKind) or (kind == SplitKind.GROUP) != bool(column):
            raise ValueError('expected "random", "cluster" or "group:COLUMN"')
        return cls(SplitKind(kind), column)

    def __str__(self) -> str:
        """Return what :meth:`parse` reads."""
        return f"{self.kind}:{self.column}" if self.column else str(self.kind)

    @property
    def words(self) -> str:
        """What a reader of the report is told."""
        if self.kind is SplitKind.GROUP:
            return f"by the groups of column “{self.column}”, whole groups on one side"
        return self.kind.description

    @property
    def candidates(self) -> str:
        """What materials an error of such splits speaks of, after "materials"."""
        return {
            SplitKind.RANDOM: "like the measured ones, drawn at random",
            SplitKind.CLUSTER: "of clusters that no measured value of training is from",
            SplitKind.GROUP: f"of groups ({self.column}) that no measured value of training is "
            "from",
        }[self.kind]
