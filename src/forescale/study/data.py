"""A study's tables, features and splits, loaded and checked against each other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import Workers
from forescale.descriptors import DescribedBlock, describe, describe_by_table
from forescale.doubt import Doubt, doubt_of_unit, doubts_of
from forescale.errors import ConfigError, DataError
from forescale.learners import Block, TransferData
from forescale.materials import GROUPINGS, KEY_VERSION
from forescale.splits import Overlap, SharedMaterials, SplitKind
from forescale.splits.groups import cluster_groups, column_groups
from forescale.study.censoring import Censoring
from forescale.study.config import Study
from forescale.study.sources import CatalogTable, RawTable
from forescale.tables import PropertyTable, TablesApart, combine
from forescale.tables.reading import OnError


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Another property has a scale of its own, learnt from computed values alone."""
    return np.asarray((values - values.mean()) / (values.std() or 1.0))


@dataclass(frozen=True)
class StudyData:
    """Everything a study learns from and is tested on, in the target's unit.

    ``source`` is one table, or several apart; ``same_of`` then says of each whether its property
    is the target's.
    """

    source: PropertyTable
    target: PropertyTable
    blocks: tuple[DescribedBlock, ...]
    groups: NDArray[np.int64]
    censoring: Censoring | None = None
    same_property: bool = True
    tasks: NDArray[np.float64] | None = None
    group: str = ""
    overlap: Overlap = Overlap.ALLOW
    doubts: tuple[Doubt, ...] = ()
    same_of: tuple[bool, ...] = ()

    def arrays(self) -> TransferData:
        """The arrays that learners see."""
        rows = len(self.source)
        source_only = self.shared.source_only
        return TransferData(
            blocks=tuple(
                Block(
                    values=block.features.values,
                    is_count=block.features.is_count,
                    source=block.index[:rows],
                    target=block.index[rows:],
                    name=block.name,
                    cumulative=block.cumulative,
                )
                for block in self.blocks
            ),
            source_values=self._source_values(),
            target_values=self._learnt(self.target.values),
            # Where nearly all sources are targets too, learners that share their scales among
            # replicates learn them from inputs of both; those of their own do not.
            source_only=source_only if len(source_only) >= 30 else np.arange(rows),
            same_property=self.same_property,
            source_tasks=self.tasks,
            leave_out=self.overlap in {Overlap.EXCLUDE, Overlap.EXCLUDE_GROUP},
            tested_together=self.groups if len(np.unique(self.groups)) < len(self.groups) else None,
            groups=self._hidden_together,
            source_of=self.source_of,
            same_of=self.same_of,
        )

    @property
    def _hidden_together(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Groups of which no computed value is seen where one of them is tested."""
        if self.overlap is not Overlap.EXCLUDE_GROUP:
            return None
        found = self.shared.source_groups, self.shared.target_groups
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1]

    @property
    def source_of(self) -> NDArray[np.int64] | None:
        """Which of several sources each row is of; None where there is one."""
        return self.source.table_of if isinstance(self.source, TablesApart) else None

    def _source_values(self) -> NDArray[np.float64]:
        values = self.source.values
        if self.source_of is None:
            return self._learnt(values) if self.same_property else _scaled(values)
        found = np.empty(len(values))
        for place, same in enumerate(self.same_of):
            own = self.source_of == place
            found[own] = self._learnt(values[own]) if same else _scaled(values[own])
        return found

    def _learnt(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values if self.censoring is None else self.censoring.learnt(values)

    @cached_property
    def shared(self) -> SharedMaterials:
        """Which materials, and which groups that hide them, are on both sides."""
        group_of = GROUPINGS.get(self.target.material_kind, {}).get(self.group)
        return SharedMaterials.of(self.source.keys, self.target.keys, group_of)

    def usable_source(self, test: NDArray[np.int64], policy: Overlap) -> NDArray[np.int64]:
        """Rows of the source that may be learnt from where these rows of the target are tested."""
        return self.shared.usable(test, policy)

    def digest(self) -> dict[str, str]:
        """Hashes of what was learnt from: a run may only be resumed on the same."""
        digests = {
            "keys": f"version {KEY_VERSION}",
            "source": _digest(self.source),
            "target": _digest(self.target),
        }
        if self.tasks is not None and self.tasks.shape[1]:
            raw = np.ascontiguousarray(self.tasks, dtype="<f8").tobytes()
            digests["tasks"] = hashlib.sha256(raw).hexdigest()
        return digests


def load_data(
    study: Study,
    *,
    on_error: OnError = "raise",
    workers: Workers = 1,
    show_progress: bool = True,
) -> StudyData:
    """Load both sides of a study and featurise their materials.

    Raises
    ------
    DataError
        If a file is unusable; names file, row and reason.
    ConfigError
        If the sides do not fit each other or the study.
    """
    target = _load_target(study, on_error)
    if np.ptp(target.values) == 0:
        raise DataError(
            f"target: got {target.values[0]:g} {target.unit} for all {len(target)} materials, "
            "expected measured values that differ: there is nothing to predict"
        )
    sources = [
        spec.load(f"source[{i}]", "computed", seed=study.seed, on_error=on_error)
        for i, spec in enumerate(study.source)
    ]
    for place, table in enumerate(sources):
        if study.descriptor.solvent is not None and table.material_kind != "pair":
            raise ConfigError(
                f"descriptor.solvent: got {study.descriptor.solvent!r}, expected it only for "
                f"pairs, not for {table.material_kind}s"
            )
        if table.material_kind != target.material_kind:
            raise ConfigError(
                f"source[{place}] holds {table.material_kind}s, the target {target.material_kind}s"
            )
    source = _joined(study, sources, target.unit)
    keys = [*source.keys, *target.keys]
    if study.descriptor.file is not None:
        assert study.descriptor.material is not None
        column = study.descriptor.material
        blocks = describe_by_table(study.descriptor.file, column, target.material_kind, keys)
    else:
        blocks = describe(
            target.material_kind,
            study.descriptor.name,
            keys,
            solvent_name=study.descriptor.solvent,
            workers=workers,
            show_progress=show_progress,
        )
    groups = _groups(study, target, blocks)
    floor = study.censoring
    censoring = None if floor is None else Censoring(floor.floor, floor.learn_as)
    same = not study.cross_property
    tasks = _tasks(study, sources, source)
    column = study.evaluation.split.column
    overlap = study.evaluation.overlap
    doubts = _doubts(study, target, sources)
    same_of = tuple(not spec.cross_property for spec in study.apart)
    return StudyData(
        source, target, blocks, groups, censoring, same, tasks, column, overlap, doubts, same_of
    )


def _joined(study: Study, tables: list[PropertyTable], unit: str) -> PropertyTable:
    """All sources of the study's property as one table, merged or apart."""
    own = [
        (f"source[{place}]", spec, table)
        for place, (spec, table) in enumerate(zip(study.source, tables, strict=True))
        if spec.task is None
    ]
    if study.apart:
        return TablesApart.of(
            [t if spec.cross_property else _in_unit(t, unit, where) for where, spec, t in own]
        )
    if study.cross_property:
        unit = own[0][2].unit
    return combine([_in_unit(table, unit, where) for where, _, table in own])


def _doubts(study: Study, target: PropertyTable, sources: list[PropertyTable]) -> tuple[Doubt, ...]:
    """Doubtful values of the study's tables: the user's own, then the catalog's."""
    names = ["target", *(f"source[{place}]" for place in range(len(sources)))]
    sides = zip(names, [study.target, *study.source], [target, *sources], strict=True)
    own_first = sorted(sides, key=lambda side: isinstance(side[1], CatalogTable))
    of_unit = (
        doubt_of_unit(table, target, "target")
        for spec, table in zip(study.source, sources, strict=True)
        if not spec.cross_property and spec.task is None
    )
    return (
        *(doubt for doubt in of_unit if doubt is not None),
        *(
            doubt
            for name, spec, table in own_first
            for doubt in doubts_of(
                table, name, spec.dataset if isinstance(spec, CatalogTable) else ""
            )
        ),
    )


def _tasks(
    study: Study, sources: list[PropertyTable], source: PropertyTable
) -> NDArray[np.float64]:
    """Values of further computed properties of the source's materials, NaN where there is none.

    Raises
    ------
    ConfigError
        If tables of one task have different units, or a task no material of the source.
    """
    names = list(dict.fromkeys(spec.task for spec in study.source if spec.task is not None))
    columns = []
    for name in names:
        own = [(i, t) for i, t in enumerate(sources) if study.source[i].task == name]
        unit = own[0][1].unit
        table = combine([_in_unit(t, unit, f"source[{i}]") for i, t in own])
        known = dict(zip(table.keys, table.values, strict=True))
        column = np.array([known.get(key, np.nan) for key in source.keys])
        if np.isnan(column).all():
            raise ConfigError(
                f"source.task: {name!r} has no value for any of the {len(source)} materials of "
                "the study's computed property"
            )
        columns.append(column)
    return np.stack(columns, axis=1) if columns else np.empty((len(source), 0))


def _load_target(study: Study, on_error: OnError) -> PropertyTable:
    """The target, with the column that splits are made by unless materials tell it themselves."""
    spec, label = study.target, study.evaluation.split.column
    kinds = [spec.kind] if isinstance(spec, RawTable) else GROUPINGS
    told = any(label in GROUPINGS.get(kind, {}) for kind in kinds)
    keep = (label,) if label and not told else ()
    return spec.load("target", "measured", seed=study.seed, keep=keep, on_error=on_error)


def _groups(
    study: Study, target: PropertyTable, blocks: tuple[DescribedBlock, ...]
) -> NDArray[np.int64]:
    label = study.evaluation.split.column
    classes = GROUPINGS.get(target.material_kind, {})
    if study.evaluation.overlap is Overlap.EXCLUDE_GROUP and label not in classes:
        raise ConfigError(
            f"evaluation.overlap: got exclude-group with split = {str(study.evaluation.split)!r}, "
            f"expected group:NAME with a class that a {target.material_kind} tells itself "
            f"({', '.join(classes) or 'there is none'})"
        )
    if label:
        if label in classes:
            return column_groups(pd.Series([classes[label](key) for key in target.keys]))
        if label not in target.frame:
            raise ConfigError(
                f"evaluation.split: got group:{label}, which is no class of a "
                f"{target.material_kind}; expected one of {', '.join(classes) or 'no such class'}, "
                "or a column of the target's file"
            )
        return column_groups(target.frame[label])
    if study.evaluation.split.kind is SplitKind.CLUSTER:
        described = [block.features.values[block.index[-len(target) :]] for block in blocks]
        return cluster_groups(np.concatenate(described, axis=1), study.seed)
    return np.arange(len(target))


def _in_unit(table: PropertyTable, unit: str, where: str) -> PropertyTable:
    try:
        return table.to_unit(unit)
    except ConfigError as error:
        raise ConfigError(
            f"{where}.unit: {error}, the unit of the target; for another property than the "
            "target's say cross_property = true in every source"
        ) from None


def _digest(table: PropertyTable) -> str:
    digest = hashlib.sha256("\n".join(table.keys).encode())
    digest.update(np.ascontiguousarray(table.values, dtype="<f8").tobytes())
    return digest.hexdigest()
