"""A study's tables, features and splits, loaded and checked against each other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale.catalog import load_dataset
from forescale.descriptors import DescribedBlock, describe, describe_by_table
from forescale.errors import ConfigError, DataError
from forescale.learners import Block, Grid, TransferData
from forescale.materials import GROUPINGS
from forescale.splits import Split, replicate_rng, split_target, usable_source
from forescale.splits.groups import cluster_groups, column_groups
from forescale.study.censoring import Censoring
from forescale.study.config import SourceSizes, Study, TableSpec
from forescale.tables import (
    ColumnMap,
    PropertyTable,
    Provenance,
    combine,
    read_table,
    same_dimension,
)
from forescale.tables.property_table import Kind
from forescale.tables.reading import OnError


@dataclass(frozen=True)
class StudyData:
    """Everything a study learns from and is tested on, in the target's unit."""

    source: PropertyTable
    target: PropertyTable
    blocks: tuple[DescribedBlock, ...]
    groups: NDArray[np.int64]
    censoring: Censoring | None = None
    same_property: bool = True
    tasks: NDArray[np.float64] | None = None

    def arrays(self) -> TransferData:
        """The arrays that learners see."""
        rows = len(self.source)
        known = set(self.target.keys)
        source_only = np.flatnonzero([key not in known for key in self.source.keys])
        return TransferData(
            blocks=tuple(
                Block(
                    values=block.features.values,
                    is_count=block.features.is_count,
                    source=block.index[:rows],
                    target=block.index[rows:],
                    name=block.name,
                )
                for block in self.blocks
            ),
            source_values=self._source_values(),
            target_values=self._learnt(self.target.values),
            # Where nearly all sources are targets too, inputs of both must do.
            source_only=source_only if len(source_only) >= 30 else np.arange(rows),
            same_property=self.same_property,
            source_tasks=self.tasks,
        )

    def _source_values(self) -> NDArray[np.float64]:
        values = self.source.values
        if self.same_property:
            return self._learnt(values)
        # Another property has a scale of its own, learnt from computed values alone.
        return np.asarray((values - values.mean()) / (values.std() or 1.0))

    def _learnt(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values if self.censoring is None else self.censoring.learnt(values)

    def split(self, study: Study, replicate: int) -> Split:
        """Rows of one replicate: fresh order of the source, fresh split of the target."""
        rng = replicate_rng(study.seed, replicate)
        train, test = split_target(
            rng, self.groups, study.evaluation.test_fraction, train_size=study.grid.n_target[-1]
        )
        usable = self.usable_source(study, test, study.evaluation.overlap)
        return Split(source=rng.permutation(usable), train=train, test=test)

    def usable_source(
        self, study: Study, test: NDArray[np.int64], policy: str
    ) -> NDArray[np.int64]:
        """Rows of the source that may be learnt from where these rows of the target are tested."""
        label = study.evaluation.split.partition(":")[2]
        return usable_source(
            self.source.keys,
            self.target.keys[test],
            policy,
            GROUPINGS.get(self.target.material_kind, {}).get(label),
            self.target.keys,
        )

    def grid(self, study: Study) -> Grid:
        """Sizes of the grid, with the largest n that every replicate has."""
        usable = min(len(self.split(study, r).source) for r in range(study.replicates))
        if usable < 5:
            raise ConfigError(
                f"evaluation.overlap = {study.evaluation.overlap!r} leaves {usable} source "
                f"materials of {len(self.source)}, expected at least 5; "
                "use more computed data or overlap = 'allow'"
            )
        wanted = study.grid.n_source
        if isinstance(wanted, SourceSizes):
            last, key = wanted.to or usable, "grid.n_source.to"
            sizes = np.geomspace(min(wanted.start, last), last, wanted.count)
            n_source = np.unique(np.rint(sizes).astype(np.int64))
        else:
            n_source, key = np.array(wanted, dtype=np.int64), "grid.n_source"
        if n_source[-1] > usable:
            raise ConfigError(
                f"{key}: got {n_source[-1]}, expected at most {usable}, the source materials that "
                f"every replicate has ({len(self.source)} in all, "
                f"overlap = {study.evaluation.overlap!r})"
            )
        return Grid(n_source=n_source, n_target=np.array(study.grid.n_target, dtype=np.int64))

    def digest(self) -> dict[str, str]:
        """Hashes of what was learnt from: a run may only be resumed on the same."""
        digests = {"source": _digest(self.source), "target": _digest(self.target)}
        if self.tasks is not None and self.tasks.shape[1]:
            raw = np.ascontiguousarray(self.tasks, dtype="<f8").tobytes()
            digests["tasks"] = hashlib.sha256(raw).hexdigest()
        return digests


def load_data(
    study: Study,
    *,
    on_error: OnError = "raise",
    workers: int = 1,
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
        _load(spec, f"source[{i}]", study, on_error, ()) for i, spec in enumerate(study.source)
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
    unit = target.unit
    if study.cross_property:
        unit = next(t.unit for s, t in zip(study.source, sources, strict=True) if s.task is None)
    source = combine(
        [
            _in_unit(table, unit, f"source[{i}]")
            for i, (spec, table) in enumerate(zip(study.source, sources, strict=True))
            if spec.task is None
        ]
    )
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
    return StudyData(source, target, blocks, groups, censoring, same, tasks)


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
    spec, label = study.target, study.evaluation.split.partition(":")[2]
    kinds = GROUPINGS if spec.kind is None else [spec.kind]
    told = any(label in GROUPINGS.get(kind, {}) for kind in kinds)
    return _load(spec, "target", study, on_error, (label,) if label and not told else ())


def _groups(
    study: Study, target: PropertyTable, blocks: tuple[DescribedBlock, ...]
) -> NDArray[np.int64]:
    label = study.evaluation.split.partition(":")[2]
    classes = GROUPINGS.get(target.material_kind, {})
    if study.evaluation.overlap == "exclude-group" and label not in classes:
        raise ConfigError(
            f"evaluation.overlap: got exclude-group with split = {study.evaluation.split!r}, "
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
    if study.evaluation.split == "cluster":
        described = [block.features.values[block.index[-len(target) :]] for block in blocks]
        return cluster_groups(np.concatenate(described, axis=1), study.seed)
    return np.arange(len(target))


def _load(
    spec: TableSpec, where: str, study: Study, on_error: OnError, keep: tuple[str, ...]
) -> PropertyTable:
    kind: Kind = "measured" if where == "target" else "computed"
    if spec.dataset is not None:
        table = load_dataset(spec.dataset, spec.property, sample=spec.sample, seed=study.seed)
        if table.kind != kind:
            raise ConfigError(f"{where}: dataset {spec.dataset!r} is {table.kind}, expected {kind}")
        missing = [column for column in keep if column not in table.frame]
        if missing:
            raise ConfigError(
                f"evaluation.split: dataset {spec.dataset!r} has no column {missing[0]!r}"
            )
        return table
    assert spec.file is not None
    if spec.kind is None:
        table = PropertyTable.from_parquet(Path(spec.file))
        if table.kind != kind:
            raise ConfigError(f"{where}: {spec.file} holds {table.kind} values, expected {kind}")
        missing = [column for column in keep if column not in table.frame]
        if missing:
            raise ConfigError(f"evaluation.split: {spec.file} has no column {missing[0]!r}")
        return _sampled(table, spec.sample, study.seed)
    assert spec.value is not None
    assert spec.kind is not None
    assert spec.unit is not None
    try:
        same_dimension(spec.unit, spec.unit)
    except ConfigError as error:
        raise ConfigError(f"{where}.unit: {error}") from None
    try:
        columns = spec.columns()
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None
    assert columns is not None
    table = read_table(
        Path(spec.file),
        ColumnMap(columns, spec.value, keep, spec.valid),
        name=spec.property or spec.value,
        unit=spec.unit,
        kind=kind,
        material_kind=spec.kind,
        provenance=Provenance(dataset=Path(spec.file).name),
        on_error=on_error,
    )
    return _sampled(table, spec.sample, study.seed)


def _in_unit(table: PropertyTable, unit: str, where: str) -> PropertyTable:
    try:
        return table.to_unit(unit)
    except ConfigError as error:
        raise ConfigError(
            f"{where}.unit: {error}, the unit of the target; for another property than the "
            "target's say cross_property = true in every source"
        ) from None


def _sampled(table: PropertyTable, size: int | None, seed: int) -> PropertyTable:
    from dataclasses import replace

    if size is None or len(table) <= size:
        return table
    chosen = np.sort(np.random.default_rng(seed).choice(len(table), size, replace=False))
    return replace(table, frame=table.frame.iloc[chosen].reset_index(drop=True))


def _digest(table: PropertyTable) -> str:
    digest = hashlib.sha256("\n".join(table.keys).encode())
    digest.update(np.ascontiguousarray(table.values, dtype="<f8").tobytes())
    return digest.hexdigest()
